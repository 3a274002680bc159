"""`metadata`: what a client may say in it, and what only the API server does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import naming
from cnpg_mcp.demo.kubernetes.definitions import Definition
from cnpg_mcp.demo.kubernetes.failures import Cause

SERVERS_OWN = (
    *("uid", "creationTimestamp", "generation", "resourceVersion"),
    *("deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"),
)
_CLIENTS = (
    *("name", "generateName", "namespace", "labels", "annotations"),
    *("finalizers", "ownerReferences"),
)
KNOWN = frozenset((*SERVERS_OWN, *_CLIENTS, "selfLink"))
_ANNOTATION_BYTES = 256 * 1024
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
_NAMES: dict[str, naming.Check] = {
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), naming.segment),
    **dict.fromkeys(("Namespace", "Service"), naming.label),
}


# --- its types ---


@dataclass(frozen=True)
class _Shape:
    """The JSON type of a field, and what the API server calls it."""

    check: type
    told: str


_TEXT = _Shape(str, "string")
_SHAPES = {
    **dict.fromkeys(("name", "generateName", "namespace"), _TEXT),
    **dict.fromkeys(("uid", "resourceVersion", "selfLink"), _TEXT),
    **dict.fromkeys(("creationTimestamp", "deletionTimestamp"), _TEXT),
    **dict.fromkeys(("labels", "annotations"), _Shape(dict, "map[string]string")),
    "finalizers": _Shape(list, "[]string"),
    "ownerReferences": _Shape(list, "[]v1.OwnerReference"),
    "managedFields": _Shape(list, "[]v1.ManagedFieldsEntry"),
}
_ITEMS = {
    **dict.fromkeys(("labels", "annotations", "finalizers"), _TEXT),
    "ownerReferences": _Shape(dict, "v1.OwnerReference"),
}
_OF_OWNERS = ("apiVersion", "kind", "name", "uid")


def misfit(obj: KubeObject) -> str:
    """What of the `metadata` has a type that it cannot have; empty where nothing has."""
    meta = obj.get("metadata")
    if meta is None:
        return ""
    if not isinstance(meta, dict):
        return f"json: cannot unmarshal {called(meta)} into Go value of type v1.ObjectMeta"
    for field, value, shape in _parts(meta):
        if value is not None and not isinstance(value, shape.check):
            told = f"{called(value)} into Go struct field ObjectMeta.{field} of type {shape.told}"
            return f"json: cannot unmarshal {told}"
    return ""


def _parts(meta: KubeObject) -> Iterator[tuple[str, object, _Shape]]:
    """Fields, and what is in them, with the types that they have to have."""
    for field, value in meta.items():
        if field in _SHAPES:
            yield field, value, _SHAPES[field]
        if field in _ITEMS and isinstance(value, dict | list):
            items = value.values() if isinstance(value, dict) else value
            yield from ((field, each, _ITEMS[field]) for each in items)
        if field == "ownerReferences" and isinstance(value, list):
            owners = [each for each in value if isinstance(each, dict)]
            yield from ((key, each.get(key), _TEXT) for each in owners for key in _OF_OWNERS)


def called(value: object) -> str:
    """The type of a JSON value, in the words of Go's decoder."""
    words = ((bool, "bool"), (str, "string"), (int, "number"), (float, "number"), (list, "array"))
    return next((word for kind, word in words if isinstance(value, kind)), "object")


def called_as_integer(value: object) -> str:
    """What the decoder says of a value that is no integer of 64 bits; empty where it is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return called(value)
    fits = isinstance(value, int) and -(2**63) <= value < 2**63
    return "" if fits else f"number {json.dumps(value)}"


def normal(obj: KubeObject) -> KubeObject:
    """The object with a `metadata` without unknown and empty fields."""
    meta = {
        key: value
        for key, value in (obj.get("metadata") or {}).items()
        if key in KNOWN and value not in (None, {}, []) and key != "selfLink"
    }
    return {**obj, "metadata": meta}


# --- its values ---


def causes(definition: Definition, obj: KubeObject) -> list[Cause]:
    """What is wrong with name, labels, annotations, owners and finalizers."""
    meta = obj["metadata"]
    return [
        *_labels(meta),
        *_annotations(meta),
        *_owners(meta),
        *_finalizers(meta, is_custom=definition.custom),
    ]


def name_causes(definition: Definition, obj: KubeObject) -> list[Cause]:
    """What is wrong with the name of a new object."""
    name = obj["metadata"].get("name", "")
    if not name:
        told = "Required value: name or generateName is required"
        return [Cause("FieldValueRequired", told, "metadata.name")]
    check = _NAMES.get(definition.kind.kind, naming.subdomain)
    return [_value("metadata.name", name, told) for told in check(name)]


def change_causes(obj: KubeObject, old: KubeObject) -> list[Cause]:
    """What an update must not change. It is looked at twice, and told twice."""
    meta, known = obj["metadata"], old["metadata"]
    found = [
        _value(f"metadata.{key}", str(meta[key]), "field is immutable")
        for key in ("uid", "deletionTimestamp", "deletionGracePeriodSeconds")
        if key in meta and meta[key] != known.get(key)
    ]
    return [*found, *_added_finalizers(meta, known)] * 2


def _labels(meta: KubeObject) -> Iterator[Cause]:
    for key, value in (meta.get("labels") or {}).items():
        yield from (_value("metadata.labels", key, told) for told in naming.qualified(key))
        yield from (_value("metadata.labels", value, told) for told in naming.label_value(value))


def _annotations(meta: KubeObject) -> Iterator[Cause]:
    found: dict[str, str] = meta.get("annotations") or {}
    where = "metadata.annotations"
    for key in found:
        yield from (_value(where, key, told) for told in naming.qualified(key.lower()))
    if sum(len(key) + len(value.encode()) for key, value in found.items()) > _ANNOTATION_BYTES:
        told = f"Too long: may not be more than {_ANNOTATION_BYTES} bytes"
        yield Cause("FieldValueTooLong", told, where)


def _owners(meta: KubeObject) -> Iterator[Cause]:
    for number, owner in enumerate(meta.get("ownerReferences") or []):
        for key in _OF_OWNERS:
            if not owner.get(key):
                where = f"metadata.ownerReferences[{number}].{key}"
                yield _value(where, "", "must not be empty")


def _finalizers(meta: KubeObject, *, is_custom: bool) -> Iterator[Cause]:
    for number, finalizer in enumerate(meta.get("finalizers") or []):
        for told in naming.qualified(finalizer):
            yield _value("metadata.finalizers", finalizer, told)
        if not is_custom and "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            told = "name is neither a standard finalizer name nor is it fully qualified"
            yield _value(f"metadata.finalizers[{number}]", finalizer, told)


def _added_finalizers(meta: KubeObject, known: KubeObject) -> Iterator[Cause]:
    """An object that is being deleted takes no new finalizer."""
    added = [
        each for each in meta.get("finalizers") or [] if each not in (known.get("finalizers") or ())
    ]
    if added and "deletionTimestamp" in known:
        listed = ", ".join(f'"{each}"' for each in added)
        told = (
            "Forbidden: no new finalizers can be added if the object is being deleted, found new"
            f" finalizers []string{{{listed}}}"
        )
        yield Cause("FieldValueForbidden", told, "metadata.finalizers")


def _value(field: str, value: str, told: str) -> Cause:
    return Cause("FieldValueInvalid", f'Invalid value: "{value}": {told}', field)
