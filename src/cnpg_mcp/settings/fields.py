"""Kinds of values that settings have, and how each is read from the environment."""

import re
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_AGE = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_KEY_CHARS = 32
_SYSTEM = "system:"
_OWN_PARAMETERS = frozenset(
    (
        *("response_type", "client_id", "redirect_uri", "state", "scope", "audience", "nonce"),
        *("code_challenge", "code_challenge_method", "request", "request_uri", "response_mode"),
    )
)


def is_loopback(host: str) -> bool:
    """Whether an address or host name stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split(value: Any) -> Any:  # noqa: ANN401 - raw input
    if not isinstance(value, str):
        return value
    names = tuple(value.replace(",", " ").split())
    if not names:
        raise ValueError("is set and names nothing: remove it, or name at least one")
    return names


def _age(value: object) -> object:
    """`90m`, `24h`, `7d`; pydantic's own forms of a duration are accepted as well."""
    found = _AGE.fullmatch(value) if isinstance(value, str) else None
    return timedelta(**{_UNITS[found["unit"]]: int(found["count"])}) if found else value


def _namespace(name: str) -> str:
    if not _NAMESPACE.fullmatch(name):
        raise ValueError(f"{name} is no namespace: lower-case letters, digits, hyphens")
    return name


def _namespaces(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_namespace, names))


def _long(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < _KEY_CHARS:
        raise ValueError(f"has less than {_KEY_CHARS} characters: make a longer one")
    return key


def _all_long(keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    return tuple(map(_long, keys))


def _secure_url(value: str) -> str:
    """An address of http without query, encrypted unless it stays on this machine."""
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
        raise ValueError("must look like https://host, without ? and #")
    if url.username or url.password:
        raise ValueError("must not contain a user or a password")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("must begin with https:// (http only for a loopback address)")
    return value


def _public_url(value: str) -> str:
    """The root of a host: the documents that clients look for stand there."""
    if urlsplit(_secure_url(value)).path not in {"", "/"}:
        raise ValueError("must have no path: clients look for its documents at the host's root")
    return value.rstrip("/")


def _rate(value: str) -> str:
    from limits import parse  # noqa: PLC0415 - the default needs no check, and stdio starts sooner

    try:
        parse(value)
    except ValueError:
        raise ValueError("must look like 120/minute (second, minute, hour, day)") from None
    return value


def _proxies(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        try:
            everybody = ip_network(value).prefixlen == 0
        except ValueError:
            raise ValueError(f"{value} is no address and no network such as 10.0.0.0/8") from None
        if everybody:
            raise ValueError(f"{value} is everybody: name the Ingress controller's network")
    return values


def _parameters(value: str) -> str:
    """Parameters of the login address, but for those on which its safety rests."""
    try:
        given = parse_qsl(value, keep_blank_values=True, strict_parsing=bool(value))
    except ValueError:
        raise ValueError("must look like prompt=consent&access_type=offline") from None
    taken = [name for name, _ in given if name in _OWN_PARAMETERS]
    if taken:
        raise ValueError(f"must not set {taken[0]}, which this server sets itself")
    return value


def _redirect_uris(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        url = urlsplit(value)
        if not url.scheme or url.scheme == "*" or url.netloc in {"", "*"} or url.path in {"", "/"}:
            raise ValueError(f"{value} must have scheme, host and path")
    return values


def _prefix(value: str) -> str:
    if not (value.isascii() and value.isprintable()) or value != value.strip():
        raise ValueError("must be printable ASCII without blanks around it")
    if not value or value.startswith(_SYSTEM) or _SYSTEM.startswith(value):
        raise ValueError(f"must not be empty and must not lead to names that begin with {_SYSTEM}")
    return value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list in the environment: values separated by commas or white space."""
Namespace = Annotated[str, AfterValidator(_namespace)]
Namespaces = Annotated[Names, AfterValidator(_namespaces)]
Age = Annotated[timedelta, BeforeValidator(_age), Field(gt=timedelta())]
Key = Annotated[SecretStr, AfterValidator(_long)]
Keys = Annotated[
    tuple[SecretStr, ...], NoDecode, BeforeValidator(_split), AfterValidator(_all_long)
]
SecureUrl = Annotated[str, AfterValidator(_secure_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
Rate = Annotated[str, AfterValidator(_rate)]
Proxies = Annotated[Names, AfterValidator(_proxies)]
Parameters = Annotated[str, AfterValidator(_parameters)]
RedirectUris = Annotated[Names, AfterValidator(_redirect_uris)]
Prefix = Annotated[str, AfterValidator(_prefix)]
