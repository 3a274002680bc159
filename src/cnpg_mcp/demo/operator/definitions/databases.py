"""Database."""

from typing import Any

from cnpg_mcp.demo.kubernetes.schema import (
    boolean,
    immutable,
    integer,
    listed,
    obj,
    root,
    rule,
    text,
)
from cnpg_mcp.demo.kubernetes.schema_nodes import Items, Object, Rule, Text
from cnpg_mcp.demo.operator.definitions.shared import cluster_reference, ensured

_RESERVED = ("postgres", "template0", "template1")


def only_with_provider(field: str, provider: str) -> Rule:
    """A locale option that only one provider has; without any it cannot be judged."""
    return rule(
        f"{field} is only available when localeProvider is set to `{provider}`",
        lambda spec: field not in spec or spec.get("localeProvider") == provider,
        needs="localeProvider",
    )


LOCALE_RULES = (
    only_with_provider("builtinLocale", "builtin"),
    only_with_provider("icuLocale", "icu"),
    only_with_provider("icuRules", "icu"),
)


def _is_not(name: str) -> Rule:
    return rule(f"the name {name} is reserved", lambda value: value != name)


def _fixed(name: str) -> Text:
    return text(rules=(immutable(f"{name} is immutable"),))


def _options() -> Items:
    return listed(obj(required={"name": text(), "value": text()}, ensure=ensured()))


def _usage() -> Items:
    return listed(obj(required={"name": text()}, type=text(one_of="grant revoke", default="grant")))


def _declared(**fields: Any) -> Items:  # noqa: ANN401 - nodes
    return listed(obj(required={"name": text()}, ensure=ensured(), **fields))


def _reported() -> Items:
    return listed(obj(required={"name": text(), "applied": boolean()}, message=text()))


def _spec() -> Object:
    reserved = tuple(_is_not(name) for name in _RESERVED)
    return obj(
        required={
            "cluster": cluster_reference(),
            "name": text(rules=(immutable("name is immutable"), *reserved)),
            "owner": text(),
        },
        rules=LOCALE_RULES,
        ensure=ensured(),
        databaseReclaimPolicy=text(one_of="delete retain", default="retain"),
        template=_fixed("template"),
        encoding=_fixed("encoding"),
        locale=_fixed("locale"),
        localeProvider=_fixed("localeProvider"),
        localeCollate=_fixed("localeCollate"),
        localeCType=_fixed("localeCType"),
        icuLocale=_fixed("icuLocale"),
        icuRules=_fixed("icuRules"),
        builtinLocale=_fixed("builtinLocale"),
        collationVersion=_fixed("collationVersion"),
        isTemplate=boolean(),
        allowConnections=boolean(),
        connectionLimit=integer(),
        tablespace=text(),
        schemas=_declared(owner=text()),
        extensions=_declared(version=text(), schema=text()),
        fdws=_declared(
            handler=text(), validator=text(), owner=text(), options=_options(), usage=_usage()
        ),
        servers=listed(
            obj(
                required={"name": text(), "fdw": text()},
                ensure=ensured(),
                options=_options(),
                usage=_usage(),
            )
        ),
    )


DATABASE = root(
    required={"spec": _spec()},
    status=obj(
        applied=boolean(),
        message=text(),
        observedGeneration=integer(),
        schemas=_reported(),
        extensions=_reported(),
        fdws=_reported(),
        servers=_reported(),
    ),
)
