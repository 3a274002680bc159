"""The verbs of the Kubernetes API over one transport: what the domain calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPMethod

from cnpg_mcp.kube.answers import (
    Shape,
    any_json,
    changed_objects,
    events,
    is_deletion,
    is_list,
    is_object,
    is_table,
)
from cnpg_mcp.kube.errors import NotFound, NotKubernetes
from cnpg_mcp.kube.objects import KubeObject, Resource
from cnpg_mcp.kube.tables import TABLE, IncludeObject, Table, parse_table
from cnpg_mcp.kube.transport import Call, Reply, Transport

FIELD_MANAGER = "cnpg-mcp"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True)
class Selection:
    """Which objects of a collection: namespace (`None`: all), selectors, page."""

    namespace: str | None = None
    labels: str = ""
    fields: str = ""
    limit: int | None = None
    continue_token: str = ""

    def query(self) -> list[tuple[str, str]]:
        """As query parameters."""
        named = {
            "labelSelector": self.labels,
            "fieldSelector": self.fields,
            "limit": str(self.limit or ""),
            "continue": self.continue_token,
        }
        return [(name, value) for name, value in named.items() if value]


@dataclass(frozen=True)
class ObjectPage:
    """A page of whole objects, and where the next one starts (empty: nowhere)."""

    items: tuple[KubeObject, ...]
    continue_token: str = ""


@dataclass(frozen=True)
class Written:
    """What a write gave: the object as stored (or as it would be), and the warnings."""

    object: KubeObject
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preconditions:
    """What must still hold when a delete is carried out."""

    uid: str
    resource_version: str | None = None


class Kube:
    """One API server, asked asynchronously. Make one for the process.

    `headers` go with every request.
    """

    def __init__(self, transport: Transport, headers: Sequence[tuple[str, str]] = ()) -> None:
        self._transport = transport
        self._headers = tuple(headers)

    def acting_as(self, user: str, groups: Sequence[str]) -> "Kube":
        """The same API server, which judges and records every request as that user's.

        The server's own account needs the verb `impersonate` on the user and each group.
        """
        headers = [("Impersonate-User", user), *(("Impersonate-Group", each) for each in groups)]
        return Kube(self._transport, headers)

    async def close(self) -> None:
        """Closes the pooled connections."""
        await self._transport.close()

    async def default_namespace(self) -> str | None:
        """The pod's own namespace, or the kubeconfig context's.

        Raises:
            ConfigurationError: no usable credentials at this moment.
        """
        return (await self._transport.connection()).namespace

    async def identity(self) -> str:
        """Who the credentials say we are: user and context of the kubeconfig.

        Raises:
            ConfigurationError: no usable credentials at this moment.
        """
        return (await self._transport.connection()).identity

    async def serves(self, resource: Resource, *, patience: float) -> bool:
        """Whether the API server answers, and knows the kind; asked once, within `patience` s."""
        path = f"/apis/{resource.group}/{resource.version}"
        try:
            call = Call(HTTPMethod.GET, path, patience=patience)
            found = (await self._send(call, any_json)).body
        except NotFound:
            return False
        kinds = found.get("resources")
        return isinstance(kinds, list) and any(
            isinstance(kind, dict) and kind.get("name") == resource.plural for kind in kinds
        )

    async def get(self, resource: Resource, namespace: str | None, name: str) -> KubeObject:
        """One object.

        Raises:
            NotFound: no such object, or its CRD is not installed.
        """
        call = Call(HTTPMethod.GET, resource.path(namespace, name), accept=resource.accept)
        return resource.kept((await self._send(call, is_object(resource.answers_as))).body)

    async def list(self, resource: Resource, selection: Selection) -> ObjectPage:
        """A page of whole objects."""
        path, accept = resource.path(selection.namespace), resource.accept_list
        call = Call(HTTPMethod.GET, path, selection.query(), accept=accept)
        body = (await self._send(call, is_list)).body
        token = (body.get("metadata") or {}).get("continue") or ""
        return ObjectPage(tuple(map(resource.kept, body.get("items") or ())), token)

    async def history(
        self, resource: Resource, namespace: str, name: str, since: str, *, seconds: int
    ) -> Sequence[KubeObject]:
        """What an object has looked like after a resourceVersion, oldest first.

        Waits for changes until `seconds` are over: a watch that ends by itself. A state that
        lasted for an instant is in it, which a get in a loop may miss.

        Raises:
            Gone: the API server no longer knows that resourceVersion.
        """
        query = [
            ("watch", "true"),
            ("fieldSelector", f"metadata.name={name}"),
            ("resourceVersion", since),
            ("timeoutSeconds", str(seconds)),
        ]
        call = Call(HTTPMethod.GET, resource.path(namespace), query, decode=events)
        body = (await self._send(call, any_json)).body
        return tuple(changed_objects(body["events"]))

    async def table(
        self, resource: Resource, selection: Selection, include: IncludeObject
    ) -> Table:
        """A page of print columns: what `kubectl get` shows, rendered by the API server."""
        query = [*selection.query(), ("includeObject", include.value)]
        path = resource.path(selection.namespace)
        call = Call(HTTPMethod.GET, path, query, accept=TABLE)
        return parse_table((await self._send(call, is_table)).body)

    async def proxy(
        self, resource: Resource, namespace: str, name: str, path: str, *, patience: float
    ) -> KubeObject:
        """What a pod or service answers at a path, asked through the API server, once.

        `name` is `https:NAME:PORT` for an https port.

        Raises:
            DeadlineExceeded: no answer within `patience` seconds.
            StatusError: the refusal of the API server, or of what was asked.
        """
        whole = f"{resource.path(namespace, name)}/proxy{path}"
        return (await self._send(Call(HTTPMethod.GET, whole, patience=patience), any_json)).body

    async def create(
        self, resource: Resource, namespace: str, body: KubeObject, *, dry_run: bool = False
    ) -> Written:
        """Creates an object under strict field validation.

        Raises:
            AlreadyExists: an object of that name exists.
            Invalid: refused by schema or webhook; a cause for each field.
            BadRequest: an unknown field.
        """
        query = [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]
        if dry_run:
            query.append(("dryRun", "All"))
        call = Call(
            HTTPMethod.POST,
            resource.path(namespace),
            query,
            body,
            accept=resource.accept,
            dry_run=dry_run,
        )
        return _written(resource, await self._send(call, is_object(resource.answers_as)))

    async def patch(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        patch: Mapping[str, object] | Sequence[Mapping[str, object]],
        *,
        dry_run: bool = False,
    ) -> Written:
        """Merge-patches an object, or JSON-patches it when the patch is a list of operations.

        A `metadata.resourceVersion` in a merge patch makes it conditional.

        Raises:
            Conflict: the object has another resourceVersion by now.
        """
        kind = MERGE_PATCH if isinstance(patch, Mapping) else JSON_PATCH
        query = [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict")]
        if dry_run:
            query.append(("dryRun", "All"))
        call = Call(
            HTTPMethod.PATCH,
            resource.path(namespace, name),
            query,
            patch,
            kind,
            accept=resource.accept,
            dry_run=dry_run,
        )
        return _written(resource, await self._send(call, is_object(resource.answers_as)))

    async def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        preconditions: Preconditions,
        *,
        dry_run: bool = False,
    ) -> None:
        """Deletes an object in the background, if it still is the one that was read.

        `dryRun` goes into the body: beside a body the API server ignores the query, and the
        object would really be deleted (docs/notes.md).

        Raises:
            Conflict: another uid or resourceVersion.
        """
        wanted = {"uid": preconditions.uid, "resourceVersion": preconditions.resource_version}
        options: dict[str, object] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {key: value for key, value in wanted.items() if value},
        }
        if dry_run:
            options["dryRun"] = ["All"]
        call = Call(
            HTTPMethod.DELETE,
            resource.path(namespace, name),
            (),
            options,
            accept=resource.accept,
            dry_run=dry_run,
        )
        await self._send(call, is_deletion(resource.answers_as))

    async def _send(self, call: Call, fits: Shape) -> Reply:
        call = replace(call, headers=self._headers) if self._headers else call
        reply = await self._transport.send(call)
        if not fits(reply.body):
            raise NotKubernetes(maybe_applied=call.changes)
        return reply


def _written(resource: Resource, reply: Reply) -> Written:
    return Written(resource.kept(reply.body), reply.warnings)
