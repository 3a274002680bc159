"""The API server: who may ask, what is asked, and the answer. It knows no HTTP."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import builtin, discovery, naming, options, patches
from cnpg_mcp.demo.kubernetes.access import MASTERS, Access, Attempt, User
from cnpg_mcp.demo.kubernetes.admitting import Written
from cnpg_mcp.demo.kubernetes.changing import Changer, applied, check_patch_type
from cnpg_mcp.demo.kubernetes.creating import Creator
from cnpg_mcp.demo.kubernetes.definitions import Definition
from cnpg_mcp.demo.kubernetes.deleting import SYSTEM_NAMESPACES, Deleter
from cnpg_mcp.demo.kubernetes.failures import (
    Failure,
    NoSuchPage,
    bad_request,
    no_such_path,
    not_allowed,
    not_found,
    not_supported,
)
from cnpg_mcp.demo.kubernetes.forms import Forms
from cnpg_mcp.demo.kubernetes.reading import Reader
from cnpg_mcp.demo.kubernetes.requests import Request
from cnpg_mcp.demo.kubernetes.reviews import Reviews
from cnpg_mcp.demo.kubernetes.routing import Registry, Target, target
from cnpg_mcp.demo.kubernetes.storage import Storage

Proxy = Callable[[KubeObject, str], KubeObject]
"""What a pod answers at a path; raises `Failure` where it does not."""

_READS = ("GET", "HEAD")


@dataclass(frozen=True)
class Reply:
    """An answer: a document, a text, or the events of a watch."""

    status: HTTPStatus
    body: KubeObject | str | AsyncIterator[KubeObject]
    warnings: tuple[str, ...] = ()
    retry_after: int | None = None
    """Seconds after which it may be asked again with another answer."""


def _no_proxy(_pod: KubeObject, _path: str) -> KubeObject:
    raise no_such_path()


def _now() -> datetime:
    return datetime.now(UTC)


class ApiServer:
    """A Kubernetes API server in memory. Used from one event loop.

    Args:
        installed: the custom kinds; the built-in ones are there by themselves.
        now: the clock of creation times and ages.
        proxy: what pods answer.
    """

    def __init__(
        self,
        installed: Sequence[Definition] = (),
        *,
        now: Callable[[], datetime] = _now,
        proxy: Proxy = _no_proxy,
    ) -> None:
        self.storage = Storage()
        self.access = Access(self.storage)
        self.registry = Registry((*builtin.definitions(), *installed))
        self._forms = Forms(now)
        self._reader = Reader(self.storage, self._forms)
        self._creator = Creator(self.storage, now)
        self._changer = Changer(self.storage, now)
        self._deleter = Deleter(self.storage, now)
        self._reviews = Reviews(self.access)
        self._proxy = proxy
        for name in SYSTEM_NAMESPACES:
            self.handle(_making_namespace(name))

    def handle(self, request: Request) -> Reply:
        """The answer to one request. A refusal is an answer, too."""
        try:
            return self._answer(request)
        except Failure as failure:
            return failed(failure)
        except RecursionError:
            return failed(bad_request("the request is nested too deeply"))

    def _answer(self, request: Request) -> Reply:
        found = target(request.path)
        if found is not None:
            return self._of_resource(request, found)
        self.access.check_path(request.user, request.method, request.path)
        if request.path in discovery.HEALTH:
            return Reply(HTTPStatus.OK, "ok")
        served = tuple(self.registry.definitions.values())
        document = discovery.document(request.path, served)
        if document is None:
            raise no_such_path() if request.path.startswith("/api/") else NoSuchPage()
        if request.method not in _READS:
            raise not_allowed()
        return Reply(HTTPStatus.OK, document)

    def _of_resource(self, request: Request, found: Target) -> Reply:
        attempt = found.attempt(request)
        self.access.check(request.user, attempt)
        if found.api_version == discovery.REVIEW_VERSION:
            if request.method != "POST":
                raise not_allowed()
            return Reply(HTTPStatus.CREATED, self._reviews.answer(request, found.plural))
        definition = self.registry.find(found)
        self._forms.check(request)
        if found.name in (".", ".."):
            told = naming.segment(found.name)[0]
            raise bad_request(f'Name parameter invalid: "{found.name}": {told}')
        if found.subresource:
            return self._below(request, definition, found)
        if found.name:
            return self._on_one(request, definition, found)
        return self._on_all(request, definition, found, attempt)

    def _on_all(
        self, request: Request, definition: Definition, found: Target, attempt: Attempt
    ) -> Reply:
        if attempt.verb == "watch":
            return Reply(HTTPStatus.OK, self._reader.watch(request, definition, found))
        if attempt.verb == "list":
            return Reply(HTTPStatus.OK, self._reader.page(request, definition, found))
        if definition.kind.namespaced and not found.namespace:
            raise NoSuchPage() if definition.custom else not_allowed()
        if attempt.verb == "create":
            written = self._creator.create(request, definition, found)
            return self._shown(request, definition, written)
        if attempt.verb == "deletecollection" and definition.kind.plural != "namespaces":
            return self._all_deleted(request, definition, found)
        raise _unfit_for_all(request, definition)

    def _all_deleted(self, request: Request, definition: Definition, found: Target) -> Reply:
        """Deletes a collection."""
        objects = self._reader.whole(request, definition, found)
        for obj in objects:
            self._deleter.delete(request, definition.kind, obj)
        about = {"resourceVersion": str(self.storage.revision)}
        return Reply(HTTPStatus.OK, self._forms.many(request, definition, objects, about))

    def _on_one(self, request: Request, definition: Definition, found: Target) -> Reply:
        if request.method in _READS:
            return Reply(HTTPStatus.OK, self._reader.one(request, definition, found))
        if request.method == "PATCH":
            return self._patched(request, definition, found)
        if request.method == "PUT":
            return self._updated(request, definition, found)
        if request.method == "DELETE":
            options.delete_options(request)
            current = self._reader.as_stored(definition, found)
            done = self._deleter.delete(request, definition.kind, current)
            whole = done if done["kind"] == "Status" else None
            return Reply(HTTPStatus.OK, whole or self._forms.one(request, definition, done))
        raise not_allowed()

    def _updated(self, request: Request, definition: Definition, found: Target) -> Reply:
        options.check_write(request)
        current = self._reader.as_stored(definition, found)
        written = self._changer.update(request, definition, found, current)
        return self._shown(request, definition, written)

    def _patched(self, request: Request, definition: Definition, found: Target) -> Reply:
        check_patch_type(request, definition)
        options.check_write(request)
        if request.content_type == patches.APPLY:
            written = self._applied(request, definition, found)
        else:
            current = self._reader.as_stored(definition, found)
            written = self._changer.patch(request, definition, found, current)
        return self._shown(request, definition, written)

    def _applied(self, request: Request, definition: Definition, found: Target) -> Written:
        space = found.space(definition.kind)
        current = self.storage.get(definition.kind, space, found.name)
        if current is not None:
            return self._changer.apply(request, definition, found, current)
        if found.subresource:
            raise not_found(definition.kind, found.name)
        document = applied(request, definition, found)
        return self._creator.made(request, definition, found, document)

    def _below(self, request: Request, definition: Definition, found: Target) -> Reply:
        """A subresource."""
        plural, below = found.plural, found.subresource
        if below == "status" and definition.has_status:
            return self._status(request, definition, found)
        if definition.custom:
            raise not_found(definition.kind, found.name)
        if (plural, below) not in _SUBRESOURCES:
            raise no_such_path()
        if request.method != _SUBRESOURCES[plural, below]:
            raise not_allowed()
        current = self._reader.as_stored(definition, _plain(found))
        if below == "proxy":
            return Reply(HTTPStatus.OK, self._proxy(current, f"/{found.rest}"))
        if below == "binding":
            self._changer.bind(request, definition, found, current)
            return Reply(HTTPStatus.CREATED, _SUCCESS)
        return Reply(HTTPStatus.OK, self._changer.finalize(request, definition, current))

    def _status(self, request: Request, definition: Definition, found: Target) -> Reply:
        if request.method in _READS:
            return Reply(HTTPStatus.OK, self._reader.one(request, definition, found))
        if request.method == "PATCH":
            return self._patched(request, definition, found)
        if request.method == "PUT":
            return self._updated(request, definition, found)
        if definition.custom:
            verb = {"POST": "create"}.get(request.method, request.method.lower())
            raise not_supported(definition.kind, verb)
        raise not_allowed()

    def _shown(self, request: Request, definition: Definition, written: Written) -> Reply:
        body = self._forms.one(request, definition, written.object)
        status = HTTPStatus.CREATED if written.created else HTTPStatus.OK
        return Reply(status, body, written.warnings)


def _unfit_for_all(request: Request, definition: Definition) -> Failure:
    """What is said of a method that means nothing for a collection.

    Raises:
        Failure: 415 for a patch of a type that is none.
    """
    if not definition.custom:
        return not_allowed()
    if request.method == "PATCH":
        check_patch_type(request, definition)
    if request.method in ("PUT", "PATCH"):
        return bad_request("name must be provided")
    return not_supported(definition.kind, "")


def failed(failure: Failure) -> Reply:
    """The answer that a refusal is."""
    is_text = isinstance(failure, NoSuchPage)
    body = failure.message if is_text else failure.body()
    return Reply(failure.status, body, failure.warnings, failure.retry_after)


_SUBRESOURCES = {
    ("pods", "proxy"): "GET",
    ("pods", "binding"): "POST",
    ("namespaces", "finalize"): "PUT",
}
_SUCCESS: KubeObject = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Success",
    "code": int(HTTPStatus.CREATED),
}


def _making_namespace(name: str) -> Request:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    user = User("system:apiserver", (MASTERS,))
    return Request("POST", "/api/v1/namespaces", user, {}, json.dumps(body).encode())


def _plain(found: Target) -> Target:
    """A pod by its name alone: a proxy's path has scheme and port around it."""
    if found.subresource != "proxy":
        return found
    parts = found.name.split(":")
    name = parts[1] if len(parts) > 2 else parts[0]  # noqa: PLR2004 - https:NAME:PORT
    return Target(found.api_version, found.plural, found.namespace, name)
