"""What roles look like in the API: DatabaseRole objects, entries of the inline list, patches."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import JsonValue
from pydantic.alias_generators import to_camel

from cnpg_mcp.domain.marks import made_by
from cnpg_mcp.domain.resources import DATABASE_ROLES
from cnpg_mcp.domain.roles.order import FOREVER, RoleOrder
from cnpg_mcp.kube.objects import KubeObject

Operation = dict[str, Any]
"""One operation of a JSON patch (RFC 6902)."""


def fields_of(attributes: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Attributes under the API's names; `null` for what is to be absent."""
    fields = {to_camel(name): value for name, value in attributes.items()}
    if fields.get("validUntil") == FOREVER:
        fields["validUntil"] = None
    return fields


def entry_of(order: RoleOrder, secret: str | None) -> dict[str, JsonValue]:
    """The entry that declares a role, alike for both back-ends."""
    entry: dict[str, JsonValue] = {"name": order.name, "ensure": "present"}
    given = fields_of(order.attributes.given())
    entry.update({name: value for name, value in given.items() if value is not None})
    if order.in_roles:
        entry["inRoles"] = list(order.in_roles)
    if secret:
        entry["passwordSecret"] = {"name": secret}
    return entry


def database_role(order: RoleOrder, namespace: str, name: str, secret: str | None) -> KubeObject:
    """The DatabaseRole object for an order; deleting it by other means keeps the role."""
    return {
        "apiVersion": DATABASE_ROLES.api_version,
        "kind": DATABASE_ROLES.kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": made_by(order.digest(namespace)),
        },
        "spec": {
            **entry_of(order, secret),
            "cluster": {"name": order.cluster_name},
            "databaseRoleReclaimPolicy": "retain",
        },
    }


def at_version(resource_version: str) -> Operation:
    """Makes a JSON patch conditional: another version of the object is a conflict."""
    return {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version}


def annotate(existing: Mapping[str, str], added: Mapping[str, str]) -> Sequence[Operation]:
    """Adds annotations; the map itself where there is none."""
    if not existing:
        return [{"op": "add", "path": "/metadata/annotations", "value": dict(added)}]
    return [
        {"op": "add", "path": f"/metadata/annotations/{_pointer(name)}", "value": value}
        for name, value in added.items()
    ]


def drop_annotation(existing: Mapping[str, str], name: str) -> Sequence[Operation]:
    """Removes an annotation where it is."""
    if name not in existing:
        return []
    return [{"op": "remove", "path": f"/metadata/annotations/{_pointer(name)}"}]


def _pointer(name: str) -> str:
    """A key as a part of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
