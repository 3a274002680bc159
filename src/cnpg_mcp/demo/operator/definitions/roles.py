"""Roles: what DatabaseRole and the inline list of a Cluster share, and DatabaseRole."""

from typing import Any

from cnpg_mcp.demo.kubernetes.schema import (
    boolean,
    integer,
    listed,
    obj,
    root,
    rule,
    text,
    transition,
)
from cnpg_mcp.demo.kubernetes.schema_nodes import Node
from cnpg_mcp.demo.operator.definitions.shared import (
    cluster_reference,
    condition,
    ensured,
    named,
)


def attributes() -> dict[str, Node]:
    """Everything that both back-ends declare of a role beside its name."""
    return {
        "comment": text(),
        "ensure": ensured(),
        "passwordSecret": named(),
        "connectionLimit": integer(default=-1),
        "validUntil": text(date=True),
        "inRoles": listed(text()),
        "inherit": boolean(default=True),
        "disablePassword": boolean(),
        "superuser": boolean(),
        "createdb": boolean(),
        "createrole": boolean(),
        "login": boolean(),
        "replication": boolean(),
        "bypassrls": boolean(),
    }


def _may_have_certificate(spec: dict[str, Any]) -> bool:
    certificate = spec.get("clientCertificate")
    if certificate is None or not certificate.get("enabled"):
        return True
    return bool(spec.get("login"))


def _begins(prefix: str) -> Any:  # noqa: ANN401 - a check of any JSON
    return lambda spec: not spec["name"].startswith(prefix)


def _is_not(name: str) -> Any:  # noqa: ANN401
    return lambda spec: spec["name"] != name


_RULES = (
    transition("name is immutable", lambda new, old: bool(new["name"] == old["name"])),
    rule("role name must not be empty", _is_not("")),
    rule("the role name postgres is reserved", _is_not("postgres")),
    rule("the role name streaming_replica is reserved", _is_not("streaming_replica")),
    rule("role names starting with pg_ are reserved by PostgreSQL", _begins("pg_")),
    rule("role names starting with cnpg_ are reserved by the operator", _begins("cnpg_")),
    rule(
        "ensure: absent is not supported for DatabaseRole; delete the resource with"
        " databaseRoleReclaimPolicy: delete instead",
        lambda spec: spec.get("ensure") != "absent",
    ),
    rule(
        "passwordSecret and disablePassword are mutually exclusive",
        lambda spec: not ("passwordSecret" in spec and spec.get("disablePassword")),
    ),
    rule(
        "clientCertificate requires the role to have login enabled",
        _may_have_certificate,
        needs="login",
    ),
)

DATABASE_ROLE = root(
    required={
        "spec": obj(
            attributes(),
            required={"cluster": cluster_reference(), "name": text()},
            rules=_RULES,
            databaseRoleReclaimPolicy=text(one_of="delete retain", default="retain"),
            clientCertificate=obj(enabled=boolean(default=True)),
        )
    },
    status=obj(
        applied=boolean(),
        message=text(),
        observedGeneration=integer(),
        secretResourceVersion=text(),
        clientCertificate=obj(expiration=text(), message=text()),
        conditions=listed(condition()),
    ),
)
