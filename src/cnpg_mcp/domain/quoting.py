"""Text that comes from the cluster is data: it is quoted, on one line, and cut."""

import json
import unicodedata

LIMIT = 300
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs"})
"""Unicode categories that change how the text around them reads: controls, bidi marks, breaks."""


def quoted(text: str, limit: int = LIMIT) -> str:
    """The text as a JSON string: control and bidirectional characters escaped, cut at `limit`.

    `limit` counts characters of the text; a cut text ends in an ellipsis.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return quoted_json(cut)


def quoted_json(value: object) -> str:
    """Any JSON value from the cluster, compact, on one line and escaped like `quoted` text."""
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "".join(_visible(char) for char in compact)


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _HIDDEN:
        return char
    return json.dumps(char)[1:-1]
