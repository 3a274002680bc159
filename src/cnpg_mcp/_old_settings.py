"""Every setting, once: its environment variable, default, meaning, and what contradicts what."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_AGE = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_KEY_CHARS = 32
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(Exception):
    """The settings cannot be used; the message says which, why, and what to change."""


Names = Annotated[tuple[str, ...], NoDecode]
"""A list in the environment: values separated by commas or white space."""


def _age(value: object) -> object:
    """`90m`, `24h`, `7d`; pydantic's own forms of a duration are accepted as well."""
    found = _AGE.fullmatch(value) if isinstance(value, str) else None
    return timedelta(**{_UNITS[found["unit"]]: int(found["count"])}) if found else value


Age = Annotated[timedelta, BeforeValidator(_age), Field(gt=timedelta())]


class Settings(BaseSettings):
    """The server's settings. Each is read from the environment variable of its name.

    `NAME_FILE` may name a file that holds the value instead.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    kubeconfig: str | None = Field(
        None,
        description="Path of a kubeconfig. Without it a pod uses its service account, "
        "anything else `~/.kube/config`.",
    )
    kube_context: str | None = Field(
        None, description="Context of the kubeconfig. Default: its current one."
    )
    kube_timeout: float = Field(
        15.0, gt=0, le=120, description="Seconds that a call to the API server may take in all."
    )
    default_namespace: str | None = Field(
        None,
        description="Namespace of calls that name none. Default: the only allowed one, else the "
        "pod's own, else the kubeconfig context's, else `default`.",
    )
    allowed_namespaces: Names = Field(
        (), description="The only namespaces that calls may touch. Default: all that RBAC allows."
    )
    protected_namespaces: Names = Field(
        (),
        description="Patterns (`*`, `?`) of namespaces where nothing may be deleted. The "
        "annotation `cnpg-mcp.io/deletion-protection: enabled` protects one Cluster or Database.",
    )
    read_only: bool = Field(default=False, description="Refuse every change, dry runs excepted.")
    backup_max_age: Age = Field(
        timedelta(hours=24),
        description="How old the newest completed backup of a cluster may be when it is deleted "
        "without `without_backup`: minutes, hours or days, such as `90m`, `24h`, `7d`.",
    )
    allowed_images: Names = Field(
        (),
        description="Prefixes of images that clusters may use without an administrator's plan. "
        "Default: none but the operator's own.",
    )
    allowed_extensions: Names | None = Field(
        None,
        description="Extensions that databases may use without an administrator's plan. Default: "
        "those that PostgreSQL itself marks as trusted.",
    )
    plan_key: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Keys of confirmation codes, at least 32 characters each: the first one "
        "signs, all verify. Servers that share them honour each other's codes. Default: one made "
        "at start.",
    )
    audit_log: Path | None = Field(
        None, description="File to which the audit log is appended. Default: standard error."
    )
    host: str = Field(
        "127.0.0.1",
        description="Address that http listens on. Without sign-in only loopback is accepted.",
    )
    port: int | None = Field(
        None, ge=0, le=65535, description="Port of http. Default: 3000, the test server 3001."
    )
    allowed_hosts: Names = Field(
        (), description="Host header values accepted over http besides loopback names."
    )
    allowed_origins: Names = Field(
        (), description="Origins of browsers accepted over http besides the server's own."
    )
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR; logs go to stderr.")

    @field_validator(
        "allowed_namespaces",
        "protected_namespaces",
        "allowed_images",
        "allowed_extensions",
        "plan_key",
        "allowed_hosts",
        "allowed_origins",
        mode="before",
    )
    @classmethod
    def _split(cls, value: Any) -> Any:  # noqa: ANN401 - raw input
        if not isinstance(value, str):
            return value
        names = tuple(value.replace(",", " ").split())
        if not names:
            raise ValueError("is set and names nothing: remove it, or name at least one")
        return names

    @field_validator("allowed_namespaces", "default_namespace")
    @classmethod
    def _are_namespaces(cls, value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for name in (value,) if isinstance(value, str) else value or ():
            if not _NAMESPACE.fullmatch(name):
                raise ValueError(f"{name} is no namespace: lower-case letters, digits, hyphens")
        return value

    @field_validator("plan_key")
    @classmethod
    def _are_long(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < _KEY_CHARS for key in value):
            raise ValueError(f"has a key of less than {_KEY_CHARS} characters: make a longer one")
        return value

    @field_validator("host")
    @classmethod
    def _bare_host(cls, value: str) -> str:
        return value.strip("[]")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in _LEVELS:
            raise ValueError(f"must be one of {', '.join(_LEVELS)}")
        return value.upper()

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        allowed, default = self.allowed_namespaces, self.default_namespace
        if allowed and default and default not in allowed:
            raise ValueError(
                f"DEFAULT_NAMESPACE is {default}, which ALLOWED_NAMESPACES does not contain: "
                "add it there, or choose one of them as the default"
            )
        return self


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


def require_loopback(settings: Settings) -> None:
    """Refuses to serve http where others could reach it while there is no sign-in.

    Raises:
        SettingsError: HOST is not a loopback address.
    """
    if not is_loopback(settings.host):
        raise SettingsError(
            f"HOST is {settings.host}, but http without sign-in is served on loopback only: "
            "set HOST=127.0.0.1 (and use kubectl port-forward to reach it from elsewhere)."
        )


def is_loopback(host: str) -> bool:
    """Whether an address or host name stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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


def _sentence(error: ValidationError) -> str:
    """What is wrong, without echoing a value: it may be a secret."""
    parts = []
    for item in error.errors(include_input=False, include_url=False):
        where = ".".join(str(part) for part in item["loc"]).upper()
        message = item["msg"].removeprefix("Value error, ")
        parts.append(f"{where}: {message}" if where else message)
    return "; ".join(parts) + "."
