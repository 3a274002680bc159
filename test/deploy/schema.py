"""The part of the chart's schema that is made from the settings; `make docs` writes it."""

import json
from typing import Any, get_args

from cnpg_mcp.settings import Settings
from cnpg_mcp.settings.fields import (
    Age,
    Namespace,
    Namespaces,
    Rate,
    RedirectUris,
    SecureUrl,
)
from cnpg_mcp.settings.model import GROUPS
from test.helm import CHART

SCHEMA = CHART / "values.schema.json"
SECRET = frozenset(
    (
        *("AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "OAUTH_SIGNING_KEY", "OAUTH_STORE"),
        *("OAUTH_STORE_KEY", "PLAN_KEY", "PLAN_STORE"),
    )
)
"""Settings that come from a Secret."""
CHOSEN = frozenset(("PORT", "PUBLIC_URL", "KUBECONFIG", "KUBE_CONTEXT"))
"""Settings that the chart decides."""
_NAME = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
_ADDRESS = r"https://.+|http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?(/.*)?"
_PATTERNS = (
    (Age, "[0-9]{1,6}[mhd]"),
    (Namespace, _NAME),
    (Namespaces, rf"{_NAME}([, ]+{_NAME})*"),
    (SecureUrl, _ADDRESS),
    (Rate, "[0-9]+ ?(/|per) ?[0-9]* ?(second|minute|hour|day)s?"),
    (RedirectUris, r"[^*\s]+:.+"),
)
"""How values of a kind look in the environment."""
_NUMBER = {"integer": "[0-9]+", "number": r"[0-9]+(\.[0-9]+)?"}


def settable() -> list[str]:
    """Names of the settings that may stand in the chart's values."""
    return sorted({name.upper() for name in Settings.model_fields} - SECRET - CHOSEN)


def settings_schema() -> dict[str, Any]:
    """Schema of `settings`, closed."""
    return {
        "description": "Environment variables of docs/configuration.md; an empty one is left out.",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _setting(name.lower()) for name in settable()},
    }


def with_settings(text: str) -> str:
    """The chart's schema with the part that is made."""
    schema = json.loads(text)
    schema["definitions"]["settings"] = settings_schema()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _setting(field: str) -> dict[str, Any]:
    described = {"description": Settings.model_fields[field].description}
    return {**described, **_values(_kind(field), _pattern(field))}


def _kind(field: str) -> dict[str, Any]:
    """What pydantic says of the values, absent ones left out."""
    kind: dict[str, Any] = Settings.model_json_schema()["properties"][field]
    return next((each for each in kind.get("anyOf", ()) if each["type"] != "null"), kind)


def _pattern(field: str) -> str:
    annotation = next(
        group.__annotations__[field] for group in GROUPS if field in group.__annotations__
    )
    kinds = (annotation, *get_args(annotation))
    return next((pattern for kind, pattern in _PATTERNS if kind in kinds), "")


def _values(kind: dict[str, Any], pattern: str) -> dict[str, Any]:
    """The same values as one writes them in YAML: themselves, or as text."""
    if "enum" in kind:
        return {"enum": [*kind["enum"], ""]}
    if kind["type"] == "boolean":
        return {"enum": [True, False, "true", "false", ""]}
    if kind["type"] in _NUMBER:
        bounds = {
            name: value for name, value in kind.items() if "inimum" in name or "aximum" in name
        }
        text = {"type": "string", "pattern": f"^({_NUMBER[kind['type']]})?$"}
        return {"anyOf": [{"type": kind["type"], **bounds}, text]}
    return {"type": "string", **({"pattern": f"^({pattern})?$"} if pattern else {})}
