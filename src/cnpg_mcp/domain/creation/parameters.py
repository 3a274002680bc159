"""PostgreSQL's configuration parameters: which exist, and which would load code."""

import difflib
import functools
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

from cnpg_mcp.errors import invalid

_LAST_KNOWN_MAJOR = 18
_NAME = re.compile(r"[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)?", re.ASCII)
_PLAIN_NAMESPACES = frozenset({"pg_trgm", "plpgsql"})
"""Extensions whose parameters neither load code nor make CloudNativePG preload a library."""

_LOADS_CODE = frozenset(
    {
        "archive_cleanup_command",
        "archive_command",
        "archive_library",
        "dynamic_library_path",
        "extension_control_path",
        "jit_provider",
        "lo_compat_privileges",
        "local_preload_libraries",
        "oauth_validator_libraries",
        "recovery_end_command",
        "restore_command",
        "search_path",
        "session_preload_libraries",
        "session_replication_role",
        "shared_preload_libraries",
        "ssl_passphrase_command",
    }
)
"""Parameters that make the server load a library or run a command, or that would for everybody
put other functions in the place of PostgreSQL's own, or checks and triggers out of force."""


_RISKS_DATA = {
    "fsync": False,
    "full_page_writes": False,
    "ignore_checksum_failure": True,
    "ignore_invalid_pages": True,
    "zero_damaged_pages": True,
}
"""Parameters with the value by which PostgreSQL may lose or hide what it should keep."""


def risking_data(parameters: Mapping[str, str]) -> Sequence[str]:
    """Those that let a crash, or damage, cost data."""
    return sorted(
        name
        for name, risk in _RISKS_DATA.items()
        if name in parameters and _is_on(parameters[name]) is risk
    )


def _is_on(value: str) -> bool | None:
    """A switch as PostgreSQL reads it: any case, and any beginning of a word that is clear."""
    text = value.strip().strip("'").lower()
    for word, means in (("true", True), ("false", False), ("yes", True), ("no", False)):
        if text and word.startswith(text):
            return means
    return {"on": True, "1": True, "of": False, "off": False, "0": False}.get(text)


def check_parameters(parameters: Mapping[str, str], major: int | None) -> None:
    """Refuses parameters that PostgreSQL would not start with.

    The operator checks names only against its own fixed ones (and before 1.30 not even their
    form): an unknown name is accepted and keeps PostgreSQL from starting. Names come in lower
    case.

    Raises:
        ToolFailure: `invalid`.
    """
    for name, value in parameters.items():
        _check_form(name, value)
    for name in parameters:
        if "." not in name:
            _check_known(name, None if major is None else min(major, _LAST_KNOWN_MAJOR))


def loading_code(parameters: Mapping[str, str]) -> Sequence[str]:
    """Those that can make PostgreSQL load a library or run a command.

    Parameters of extensions count, but for a few: many name a library or a function, and some make
    CloudNativePG preload one.
    """
    return sorted(name for name in parameters if _loads_code(name))


def _check_form(name: str, value: str) -> None:
    """A name or value with a line break could become a second line of postgresql.conf."""
    if not _NAME.fullmatch(name) or any(ord(char) < ord(" ") for char in value):
        raise invalid(
            f"parameters.{name}",
            "A parameter's name consists of letters, digits and underscores, and its value has "
            "no control characters.",
            "Correct it or leave it out.",
        )


def _loads_code(name: str) -> bool:
    namespace, dot, _ = name.partition(".")
    return name in _LOADS_CODE or (bool(dot) and namespace not in _PLAIN_NAMESPACES)


def _check_known(name: str, major: int | None) -> None:
    known = _known()
    field = f"parameters.{name}"
    versions = known.get(name)
    if versions is None:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise invalid(
            field,
            f"PostgreSQL has no parameter {name}.{hint}",
            "Correct the name or leave it out.",
        )
    first, last = versions
    if major is not None and not first <= major <= last:
        raise invalid(
            field,
            f"PostgreSQL {major} has no parameter {name}; versions {first} to {last} do.",
            "Leave it out or choose another postgres_version.",
        )


@functools.cache
def _known() -> Mapping[str, tuple[int, int]]:
    """First and last major version that knows each parameter."""
    text = (files(__package__) / "postgres_parameters.txt").read_text()
    rows = (line.split() for line in text.splitlines() if not line.startswith("#"))
    return {name: (int(first), int(last)) for name, first, last in rows}
