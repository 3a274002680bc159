"""Reading the settings of this process: environment, files, flags."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from cnpg_mcp.settings.model import Settings
from cnpg_mcp.settings.rules import SettingsError


def load_settings(**flags: object) -> Settings:
    """The settings of this process; `flags` given on the command line win.

    Raises:
        SettingsError: a value is malformed or contradicts another.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    values = {**_from_files(os.environ), **given}
    try:
        return Settings(**values)  # type: ignore[arg-type]  # validated by pydantic
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None


def _from_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The values of all `NAME_FILE` variables."""
    return {
        name: _read_file(name.upper(), environment)
        for name in Settings.model_fields
        if f"{name.upper()}_FILE" in environment
    }


def _read_file(name: str, environment: Mapping[str, str]) -> str:
    if name in environment:
        raise SettingsError(f"{name} and {name}_FILE are both set: remove one of them.")
    path = Path(environment[f"{name}_FILE"])
    try:
        return path.read_text().strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE: cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name}_FILE: {path} is no text in UTF-8.") from None


def _sentence(error: ValidationError) -> str:
    """What is wrong, without echoing a value: it may be a secret."""
    parts = []
    for item in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in item["loc"]).upper()
        message = item["msg"].removeprefix("Value error, ")
        parts.append(f"{where}: {message}" if where else message)
    return "; ".join(parts) + "."
