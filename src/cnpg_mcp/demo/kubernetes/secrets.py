"""What a Secret may hold."""

import base64
import binascii
import re
from collections.abc import Iterator

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import naming
from cnpg_mcp.demo.kubernetes.failures import Cause

_BYTES_ALLOWED = 1024 * 1024
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_ALL_OF = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
}
_ONE_OF = {"kubernetes.io/basic-auth": ("username", "password")}


def undecodable(secret: KubeObject) -> str:
    """What the decoder says of data that is not base64; empty where it is."""
    for value in (secret.get("data") or {}).values():
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            found = _NOT_BASE64.search(value)
            return f"illegal base64 data at input byte {found.start() if found else len(value)}"
    return ""


def normal(secret: KubeObject) -> KubeObject:
    """The Secret with its `stringData` in `data`."""
    texts = secret.get("stringData") or {}
    data = {
        **(secret.get("data") or {}),
        **{key: base64.b64encode(each.encode()).decode() for key, each in texts.items()},
    }
    kept = {key: value for key, value in secret.items() if key not in ("data", "stringData")}
    return {**kept, **({"data": data} if data else {}), "type": secret.get("type") or "Opaque"}


def causes(secret: KubeObject, old: KubeObject | None) -> Iterator[Cause]:
    """What is wrong with its keys, or with its change."""
    data = secret.get("data") or {}
    for key in data:
        for told in naming.data_key(key):
            yield Cause("FieldValueInvalid", f'Invalid value: "{key}": {told}', f"data[{key}]")
    if sum(map(len, data.values())) * 3 // 4 > _BYTES_ALLOWED:
        told = f"Too long: may not be more than {_BYTES_ALLOWED} bytes"
        yield Cause("FieldValueTooLong", told, "data")
    for key in _missing(secret["type"], data):
        yield Cause("FieldValueRequired", "Required value", f"data[{key}]")
    if old is not None:
        yield from _change_causes(secret, old)


def _missing(kind: str, data: KubeObject) -> list[str]:
    missing = [key for key in _ALL_OF.get(kind, ()) if key not in data]
    some = _ONE_OF.get(kind, ())
    return missing if any(key in data for key in some) else [*missing, *some]


def _change_causes(secret: KubeObject, old: KubeObject) -> Iterator[Cause]:
    if secret["type"] != old["type"]:
        told = f'Invalid value: "{secret["type"]}": field is immutable'
        yield Cause("FieldValueInvalid", told, "type")
    if not old.get("immutable"):
        return
    for key in ("immutable", "data"):
        if secret.get(key) != old.get(key):
            told = "Forbidden: field is immutable when `immutable` is set"
            yield Cause("FieldValueForbidden", told, key)
