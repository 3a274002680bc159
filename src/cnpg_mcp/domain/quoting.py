"""Text that comes from the cluster is data: it is quoted, on one line, and cut."""

import json
import re
import unicodedata

LIMIT = 300
_NAME_LIMIT = 63
_HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Co", "Cs"})
"""Unicode categories that change how the text around them reads: controls, bidi marks, breaks."""

OBJECT_NAME = r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?"
"""What the API server accepts as `metadata.name` (RFC 1123)."""

_OBJECT_NAME = re.compile(OBJECT_NAME)


def quoted(text: str, limit: int = LIMIT) -> str:
    """The text as a JSON string: control and bidirectional characters escaped, cut at `limit`.

    `limit` counts characters of the text; a cut text ends in an ellipsis.
    """
    return quoted_json(cut(text, limit))


def quoted_json(value: object) -> str:
    """Any JSON value from the cluster, compact, on one line and escaped like `quoted` text."""
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "".join(_visible(char) for char in compact)


def cut(text: str, limit: int = LIMIT) -> str:
    """The text as it is, no longer than `limit` characters: for programs."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_object_name(name: str) -> bool:
    """Whether an object can have that name."""
    return _OBJECT_NAME.fullmatch(name) is not None


def named(name: str) -> str:
    """A name as it is where it is an object's name, else quoted.

    The API server checks `metadata.name`; what a spec or a status refers to may be any text.
    """
    return name if is_object_name(name) else quoted(name, _NAME_LIMIT)


def plain(text: str, form: re.Pattern[str], limit: int = _NAME_LIMIT) -> str:
    """The text as it is where it has the expected form (a bounded one), else quoted."""
    return text if form.fullmatch(text) else quoted(text, limit)


def _visible(char: str) -> str:
    if unicodedata.category(char) not in _HIDDEN:
        return char
    return json.dumps(char)[1:-1]
