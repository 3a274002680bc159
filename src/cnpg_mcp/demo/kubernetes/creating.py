"""New objects."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cnpg_mcp.demo.kinds import BY_PLURAL, Kind, KubeObject
from cnpg_mcp.demo.kubernetes import defaults, metadata, options
from cnpg_mcp.demo.kubernetes.admitting import (
    Change,
    Written,
    admitted,
    beside,
    defaulted,
    managed_by,
)
from cnpg_mcp.demo.kubernetes.bodies import Document, document
from cnpg_mcp.demo.kubernetes.decoding import decoded
from cnpg_mcp.demo.kubernetes.definitions import Definition
from cnpg_mcp.demo.kubernetes.failures import (
    already_exists,
    bad_request,
    ending_namespace,
    not_found,
)
from cnpg_mcp.demo.kubernetes.requests import Request
from cnpg_mcp.demo.kubernetes.routing import Target
from cnpg_mcp.demo.kubernetes.storage import Storage
from cnpg_mcp.demo.notation import suffix, timestamp

NAMESPACES = BY_PLURAL["namespaces"]


@dataclass(frozen=True)
class Creator:
    """Stores new objects, after everything that may refuse them."""

    storage: Storage
    now: Callable[[], datetime]

    def create(self, request: Request, definition: Definition, target: Target) -> Written:
        """A new object.

        Raises:
            Failure: 400, 403, 404, 409, 415, 422, or 500 where nobody admits it.
        """
        options.check_write(request)
        return self.made(request, definition, target, document(request))

    def made(
        self, request: Request, definition: Definition, target: Target, document: Document
    ) -> Written:
        """A new object of a document.

        Raises:
            Failure: as `create`.
        """
        given, warnings = decoded(request, definition, document)
        with beside(warnings):
            return self._made(request, definition, target, given, warnings)

    def _made(
        self,
        request: Request,
        definition: Definition,
        target: Target,
        given: KubeObject,
        warnings: tuple[str, ...],
    ) -> Written:
        kind, obj = definition.kind, self._born(definition, target, metadata.normal(given))
        name, namespace = obj["metadata"].get("name", ""), target.space(kind)
        if kind.namespaced:
            self._check_namespace(kind, name, namespace)
        obj = defaults.made(kind, defaulted(definition, obj))
        done = admitted(definition, obj, None)
        self._check_free(kind, name, namespace)
        applied = given if request.method == "PATCH" else None
        change = Change(None, done.object, timestamp(self.now()), configuration=applied)
        new = managed_by(request, definition, change)
        if not request.dry_run:
            new = self.storage.put(kind, new)
        return Written(new, (*warnings, *done.warnings), created=True)

    def _born(self, definition: Definition, target: Target, obj: KubeObject) -> KubeObject:
        """The object under its name and namespace, with what only the server says."""
        kind, given = definition.kind, obj["metadata"]
        if given.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        named = {key: given[key] for key in ("name", "generateName") if given.get(key)}
        if "generateName" in named and "name" not in named:
            named["name"] = named["generateName"] + suffix()
        server: KubeObject = {
            "uid": str(uuid.uuid4()),
            **({"generation": 1} if definition.counted else {}),
            "creationTimestamp": timestamp(self.now()),
        }
        taken = {*metadata.SERVERS_OWN, "name", "generateName", "namespace"}
        if not definition.counted:
            taken.remove("generation")
        kept = {key: value for key, value in given.items() if key not in taken}
        body = {key: value for key, value in obj.items() if key != "status"}
        meta = {**named, **_namespace(kind, target, given), **server, **kept}
        return {**(body if definition.has_status else obj), "metadata": meta}

    def _check_namespace(self, kind: Kind, name: str, namespace: str) -> None:
        found = self.storage.get(NAMESPACES, "", namespace)
        if found is None:
            raise not_found(NAMESPACES, namespace)
        if "deletionTimestamp" in found["metadata"]:
            raise ending_namespace(kind, name, namespace)

    def _check_free(self, kind: Kind, name: str, namespace: str) -> None:
        known = self.storage.get(kind, namespace, name)
        if known is not None:
            raise already_exists(kind, name, ending="deletionTimestamp" in known["metadata"])


def _namespace(kind: Kind, target: Target, given: KubeObject) -> KubeObject:
    if not kind.namespaced:
        return {}
    if (given.get("namespace") or target.namespace) != target.namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    return {"namespace": target.namespace}
