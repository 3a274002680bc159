"""What an object goes through before it is stored: defaults, its schema, and its webhooks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import defaults, managed, metadata
from cnpg_mcp.demo.kubernetes.definitions import Admitted, Definition
from cnpg_mcp.demo.kubernetes.failures import Cause, Failure, invalid
from cnpg_mcp.demo.kubernetes.requests import Request
from cnpg_mcp.demo.kubernetes.schema import NOT_CHECKED

_MANAGER_LENGTH = 128
_KEEPS_RULES_UNCHECKED = ("FieldValueRequired", "FieldValueTooLong")


@dataclass(frozen=True)
class Written:
    """What a write left, or would leave."""

    object: KubeObject
    warnings: tuple[str, ...] = ()
    created: bool = False


@dataclass(frozen=True)
class Change:
    """What a write makes of an object, and when; `configuration` is what was applied, if so."""

    old: KubeObject | None
    new: KubeObject
    time: str
    subresource: str = ""
    configuration: KubeObject | None = None


@contextmanager
def beside(warnings: tuple[str, ...]) -> Iterator[None]:
    """Tells the warnings beside a refusal, too."""
    try:
        yield
    except Failure as failure:
        failure.warnings = warnings
        raise


def defaulted(definition: Definition, obj: KubeObject) -> KubeObject:
    """The object with its schema's defaults, without what that does not know."""
    schema = definition.schema
    known = obj if schema is None else schema.defaulted(schema.pruned(obj))
    return defaults.normal(definition.kind, known)


def admitted(definition: Definition, obj: KubeObject, old: KubeObject | None) -> Admitted:
    """The object as its webhooks leave it. They look at the schema themselves, in between.

    Raises:
        Failure: 422 where metadata or schema forbid it, and whatever a webhook says.
    """
    faults = _metadata_causes(definition, obj, old)
    if definition.admission is None or faults:
        _check(definition, obj, [*faults, *_schema_causes(definition, obj, old)])
    if definition.admission is None:
        return Admitted(obj)
    done = definition.admission.admit(definition.kind, obj, old)
    _check(definition, done.object, _schema_causes(definition, done.object, old))
    return done


def check_schema(definition: Definition, obj: KubeObject, old: KubeObject) -> None:
    """Returns where the schema allows the object: all that is looked at of a status.

    Raises:
        Failure: 422.
    """
    _check(definition, obj, _schema_causes(definition, obj, old))


def managed_by(request: Request, definition: Definition, change: Change) -> KubeObject:
    """The changed object with its `managedFields`: who asks owns what changed."""
    obj, applies = change.new, change.configuration is not None
    entry = {
        "manager": request.manager[:_MANAGER_LENGTH],
        "operation": "Apply" if applies else "Update",
        "apiVersion": definition.kind.api_version,
        "time": change.time,
        **({"subresource": change.subresource} if change.subresource else {}),
    }
    if change.configuration is None:
        entries = managed.updated(change.old, obj, entry)
    else:
        entries = managed.applied(change.old, obj, change.configuration, entry)
    meta = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": {**meta, **({"managedFields": entries} if entries else {})}}


def _metadata_causes(
    definition: Definition, obj: KubeObject, old: KubeObject | None
) -> list[Cause]:
    found = metadata.causes(definition, obj)
    if old is None:
        return [*metadata.name_causes(definition, obj), *found]
    return [*metadata.change_causes(obj, old), *found]


def _schema_causes(definition: Definition, obj: KubeObject, old: KubeObject | None) -> list[Cause]:
    return [] if definition.schema is None else definition.schema.causes(obj, old)


def _check(definition: Definition, obj: KubeObject, causes: list[Cause]) -> None:
    if not causes:
        return
    unchecked = any(each.reason in _KEEPS_RULES_UNCHECKED for each in causes)
    if definition.custom and unchecked and NOT_CHECKED not in causes:
        causes = [*causes, NOT_CHECKED]
    raise invalid(definition.kind, obj["metadata"].get("name", ""), causes)
