"""Updates, patches, and what else changes an object that is there."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes import managed, metadata, patches
from cnpg_mcp.demo.kubernetes.admitting import (
    Change,
    Written,
    admitted,
    beside,
    check_schema,
    defaulted,
    managed_by,
)
from cnpg_mcp.demo.kubernetes.bodies import Document, document, parsed, parsed_yaml
from cnpg_mcp.demo.kubernetes.decoding import decoded
from cnpg_mcp.demo.kubernetes.definitions import Admitted, Definition
from cnpg_mcp.demo.kubernetes.deleting import is_held
from cnpg_mcp.demo.kubernetes.failures import (
    Cause,
    Failure,
    bad_request,
    conflict,
    group,
    invalid,
    unknown_format,
)
from cnpg_mcp.demo.kubernetes.patches import Patched
from cnpg_mcp.demo.kubernetes.requests import Request
from cnpg_mcp.demo.kubernetes.routing import Target
from cnpg_mcp.demo.kubernetes.storage import Storage
from cnpg_mcp.demo.notation import timestamp

_CHANGED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


@dataclass(frozen=True)
class _Write:
    """A write to one object: what was asked, of what, and how it is now."""

    request: Request
    definition: Definition
    target: Target
    current: KubeObject
    configuration: KubeObject | None = None
    """What was applied, where it is an apply."""


@dataclass(frozen=True)
class Changer:
    """Changes what is stored, after everything that may refuse it."""

    storage: Storage
    now: Callable[[], datetime]

    def update(
        self, request: Request, definition: Definition, target: Target, current: KubeObject
    ) -> Written:
        """Puts another object in an object's place.

        Raises:
            Failure: 400, 409, 415, 422, or 500 where nobody admits it.
        """
        given = document(request)
        return self._changed(_Write(request, definition, target, current), given)

    def patch(
        self, request: Request, definition: Definition, target: Target, current: KubeObject
    ) -> Written:
        """Changes parts of an object.

        Raises:
            Failure: as `update`.
        """
        given = parsed(request.body, "error decoding patch")
        patched = _patched(request, given)(current)
        write = _Write(request, definition, target, current)
        return self._changed(write, Document(patched, given.duplicates))

    def apply(
        self, request: Request, definition: Definition, target: Target, current: KubeObject
    ) -> Written:
        """Sets what a configuration says, and drops what an earlier one of the manager said.

        Raises:
            Failure: as `update`.
        """
        configuration, _ = decoded(request, definition, applied(request, definition, target))
        base = managed.without_dropped(current, configuration, request.manager)
        merged = patches.merge(configuration)(base)
        write = _Write(request, definition, target, current, configuration)
        return self._changed(write, Document(merged))

    def bind(
        self, request: Request, definition: Definition, target: Target, current: KubeObject
    ) -> None:
        """Binds a pod to the node that a Binding names.

        Raises:
            Failure: 400, or 409 where it is bound.
        """
        body = document(request).content
        wanted = body.get("target") if isinstance(body, dict) else None
        node = wanted.get("name") if isinstance(wanted, dict) else None
        if not isinstance(node, str) or not node:
            raise bad_request("a binding needs the name of a node")
        spec = current.get("spec") or {}
        if bound := spec.get("nodeName"):
            kind = Kind("v1", "Binding", "pods/binding")
            told = f'pod {target.name} is already assigned to node "{bound}"'
            raise conflict(kind, target.name, told)
        self.storage.put(definition.kind, {**current, "spec": {**spec, "nodeName": node}})

    def finalize(self, request: Request, definition: Definition, current: KubeObject) -> KubeObject:
        """Takes a namespace's finalizers.

        Raises:
            Failure: 400.
        """
        given, _ = decoded(request, definition, document(request))
        finalizers = (given.get("spec") or {}).get("finalizers")
        spec = {"finalizers": finalizers} if finalizers else {}
        return self._stored(definition.kind, {**current, "spec": spec}, current)

    def _changed(self, write: _Write, given: Document) -> Written:
        obj, warnings = decoded(write.request, write.definition, given)
        with beside(warnings):
            return self._written(write, metadata.normal(obj), warnings)

    def _written(self, write: _Write, obj: KubeObject, warnings: tuple[str, ...]) -> Written:
        definition, current = write.definition, write.current
        _check_same(write, obj)
        _check_version(definition, write.target.name, obj, current)
        done = _admitted(write, obj)
        told = (*warnings, *done.warnings)
        new = _counted(definition, done.object, current)
        if patches.same(new, current):
            return Written(current, told)
        time = timestamp(self.now())
        made = Change(current, new, time, write.target.subresource, write.configuration)
        new = managed_by(write.request, definition, made)
        if write.request.dry_run:
            return Written(new, told)
        return Written(self._stored(definition.kind, new, current), told)

    def _stored(self, kind: Kind, new: KubeObject, current: KubeObject) -> KubeObject:
        """Stores it, or lets it go where it was being deleted and nothing holds it any longer."""
        if "deletionTimestamp" not in new["metadata"] or is_held(kind, new):
            return self.storage.put(kind, new)
        self.storage.remove(kind, current)
        return new


def applied(request: Request, definition: Definition, target: Target) -> Document:
    """The configuration of a server-side apply.

    Raises:
        Failure: 400, where it is of another object.
    """
    is_json = request.body.lstrip().startswith(b"{")
    given = parsed(request.body) if is_json else parsed_yaml(request.body)
    if not isinstance(given.content, dict):
        raise bad_request("error decoding YAML: the configuration is no object")
    kind, content = definition.kind, given.content
    if (content.get("apiVersion"), content.get("kind")) != (kind.api_version, kind.kind):
        told = f"{content.get('apiVersion', '/')}, Kind={content.get('kind', '')}"
        raise bad_request(f"invalid object type: {told}")
    obj, problems = decoded(request, definition, given)
    if problems:
        raise bad_request(f"failed to create typed patch object: {', '.join(problems)}")
    _check_name(target, metadata.normal(obj)["metadata"].get("name") or target.name)
    return given


def check_patch_type(request: Request, definition: Definition) -> None:
    """Returns where the content type is that of a patch.

    Raises:
        Failure: 415.
    """
    accepted = [patches.JSON_PATCH, patches.MERGE, patches.APPLY]
    if not definition.custom:
        accepted.insert(2, patches.STRATEGIC)
    if request.content_type not in accepted:
        raise unknown_format(accepted)


def _patched(request: Request, given: Document) -> Patched:
    """The patch. A strategic one is merged as any other: its lists replace those there are."""
    if request.content_type == patches.JSON_PATCH:
        return patches.operations(given.content)
    return patches.merge(given.content)


def _check_same(write: _Write, obj: KubeObject) -> None:
    """Returns where the new object is a version of the old one.

    Raises:
        Failure: 400 for another name or namespace, 409 for another object.
    """
    meta, known, target = obj["metadata"], write.current["metadata"], write.target
    _check_name(target, meta.get("name"))
    if meta.get("namespace", known.get("namespace")) != known.get("namespace"):
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    replaces = write.request.method == "PUT"
    if replaces and meta.get("uid", known["uid"]) != known["uid"]:
        raise _of_another(write.definition.kind, target, meta["uid"], known["uid"])


def _check_name(target: Target, name: str | None) -> None:
    if not name:
        told = "was undeterminable: name must be provided"
        raise bad_request(f"the name of the object ({target.name} based on URL) {told}")
    if name != target.name:
        told = f"does not match the name on the URL ({target.name})"
        raise bad_request(f"the name of the object ({name}) {told}")


def _of_another(kind: Kind, target: Target, wanted: str, known: str) -> Failure:
    parts = (group(kind), kind.plural, target.space(kind), target.name)
    key = "/".join(("/registry", *filter(None, parts)))
    told = f"Precondition failed: UID in precondition: {wanted}, UID in object meta: {known}"
    why = f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0,"
    return conflict(kind, target.name, f"{why} AdditionalErrorMsg: {told}")


def _check_version(definition: Definition, name: str, obj: KubeObject, current: KubeObject) -> None:
    """Returns where the version is the one that is stored. Built-in kinds need none.

    Raises:
        Failure: 400 for none, 409 for another one, 422 where one is needed.
    """
    version = obj["metadata"].get("resourceVersion", "")
    if version and not re.fullmatch(r"\d{1,19}", version, re.ASCII):
        raise bad_request(f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if version in ("", "0"):
        if not definition.custom:
            return
        kind = definition.kind
        told = "Invalid value: 0: must be specified for an update"
        cause = Cause("FieldValueInvalid", told, "metadata.resourceVersion")
        raise invalid(Kind(kind.api_version, kind.plural, kind.plural), name, [cause])
    if version != current["metadata"]["resourceVersion"]:
        raise conflict(definition.kind, name, _CHANGED)


def _admitted(write: _Write, obj: KubeObject) -> Admitted:
    """The object with what a client cannot change as it was, admitted."""
    definition, current = write.definition, write.current
    if write.target.subresource == "status":
        new = defaulted(definition, _with_status(definition, obj, current))
        check_schema(definition, new, current)
        return Admitted(new)
    done = admitted(definition, defaulted(definition, _merged(definition, obj, current)), current)
    return Admitted(_restored(done.object, current), done.warnings)


def _with_status(definition: Definition, obj: KubeObject, current: KubeObject) -> KubeObject:
    """The object with another status; built-in kinds take labels and the like beside it."""
    kept = {key: value for key, value in current.items() if key != "status"}
    if not definition.custom:
        kept["metadata"] = _merged(definition, obj, current)["metadata"]
        return {**kept, "status": obj.get("status") or {}}
    return {**kept, **({"status": obj["status"]} if obj.get("status") is not None else {})}


def _merged(definition: Definition, obj: KubeObject, current: KubeObject) -> KubeObject:
    """The new object with the metadata that only the server changes; its status stays."""
    known, given = current["metadata"], obj["metadata"]
    ours = {key: known[key] for key in metadata.SERVERS_OWN if key in known}
    proposed = {key: given[key] for key in ("uid", "deletionTimestamp") if key in given}
    theirs = {key: value for key, value in given.items() if key not in metadata.SERVERS_OWN}
    meta = {**theirs, **ours, **proposed}
    if "namespace" in known:
        meta["namespace"] = known["namespace"]
    if not definition.has_status:
        return {**obj, "metadata": meta}
    status = {"status": current["status"]} if "status" in current else {}
    return {**{k: v for k, v in obj.items() if k != "status"}, "metadata": meta, **status}


def _restored(obj: KubeObject, current: KubeObject) -> KubeObject:
    """The object with its metadata in the order that it had."""
    meta, known = obj["metadata"], current["metadata"]
    ordered = {key: meta[key] for key in known if key in meta}
    return {**obj, "metadata": {**ordered, **meta}}


def _counted(definition: Definition, obj: KubeObject, current: KubeObject) -> KubeObject:
    """The object with its generation, which counts changes of what is wanted."""
    if not definition.counted or patches.same(_wanted(obj), _wanted(current)):
        return obj
    generation = current["metadata"].get("generation", 1) + 1
    return {**obj, "metadata": {**obj["metadata"], "generation": generation}}


def _wanted(obj: KubeObject) -> KubeObject:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}
