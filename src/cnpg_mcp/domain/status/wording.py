"""Words that several rules use, and names from the cluster made safe to show."""

import re
from collections.abc import Iterable

from cnpg_mcp.domain.quoting import quoted

WAIT = "Wait; ask again in about 30 s."
WAIT_LONGER = "Wait; ask again in a minute."

_OBJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")


def is_object_name(name: str) -> bool:
    """Whether an object can have that name."""
    return _OBJECT_NAME.fullmatch(name) is not None


def named(name: str) -> str:
    """A name as it is where it is an object's name, else quoted.

    The API server checks `metadata.name`; what a spec or a status refers to may be any text.
    """
    return name if is_object_name(name) else quoted(name, 63)


def listed(names: Iterable[str]) -> str:
    """Names in one phrase."""
    return ", ".join(named(name) for name in names)
