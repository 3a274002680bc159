"""PostgreSQL's configuration parameters: which exist, and which would load code."""

import difflib
import functools
from collections.abc import Mapping
from importlib.resources import files

from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.errors import ErrorCode, FieldError, ToolFailure, invalid

_LAST_KNOWN_MAJOR = 18

_LOADS_CODE = frozenset(
    {
        "archive_cleanup_command",
        "archive_command",
        "archive_library",
        "dynamic_library_path",
        "extension_control_path",
        "jit_provider",
        "local_preload_libraries",
        "oauth_validator_libraries",
        "plperl.on_init",
        "plperl.on_plperl_init",
        "plperl.on_plperlu_init",
        "pltcl.start_proc",
        "pltclu.start_proc",
        "recovery_end_command",
        "restore_command",
        "session_preload_libraries",
        "shared_preload_libraries",
        "ssl_passphrase_command",
    }
)
"""Parameters that make the server load a library or run a command."""


def check_parameters(parameters: Mapping[str, str], major: int | None) -> None:
    """Refuses parameters that PostgreSQL would not start with, and those that load code.

    The operator checks names only against its own fixed ones: an unknown name is accepted and
    keeps PostgreSQL from starting. Names with a dot belong to extensions and cannot be checked.

    Raises:
        ToolFailure: `invalid` or `blocked`.
    """
    loading = sorted(name for name in parameters if name.lower() in _LOADS_CODE)
    if loading:
        raise ToolFailure(
            ErrorCode.BLOCKED,
            "These parameters make PostgreSQL load code or run commands, which this tool does "
            f"not do: {', '.join(loading)}.",
            "Leave them out; an administrator can set them on the Cluster object.",
            tuple(FieldError(f"parameters.{name}", "loads code") for name in loading),
        )
    if major is None or major <= _LAST_KNOWN_MAJOR:
        for name in parameters:
            if "." not in name:
                _check_name(name, major)


def _check_name(name: str, major: int | None) -> None:
    known = _known()
    field = f"parameters.{name}"
    versions = known.get(name.lower())
    if versions is None:
        near = difflib.get_close_matches(name.lower(), known, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise invalid(
            field,
            f"PostgreSQL has no parameter {quoted(name, 80)}.{hint}",
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
