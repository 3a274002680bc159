"""Refusals as the API server words them: a `Status` with reason, details and causes."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from cnpg_mcp.demo.kinds import Kind, KubeObject


@dataclass(frozen=True)
class Cause:
    """What is wrong with one field. `message` is without the field's name."""

    reason: str
    message: str
    field: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class Failure(Exception):
    """An answer that is no success. Empty `details` are told, absent ones are not."""

    def __init__(
        self,
        status: HTTPStatus,
        reason: str,
        message: str,
        details: KubeObject | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details
        self.continue_token = ""
        """Where a list that cannot go on as it was may go on as things are now."""
        self.warnings: tuple[str, ...] = ()
        self.retry_after = retry_after

    def body(self) -> KubeObject:
        """The `Status` object."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {"continue": self.continue_token} if self.continue_token else {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        return {**body, "code": int(self.status)}


def not_found(kind: Kind, name: str) -> Failure:
    """No object of that name."""
    message = f'{qualified(kind)} "{name}" not found'
    return Failure(HTTPStatus.NOT_FOUND, "NotFound", message, _about(kind, name))


def no_such_path() -> Failure:
    """Nothing is served there."""
    message = "the server could not find the requested resource"
    return Failure(HTTPStatus.NOT_FOUND, "NotFound", message, {})


class NoSuchPage(Failure):
    """Nothing of the API is there at all: the answer is a text, no `Status`."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "NotFound", "404 page not found\n")


def already_exists(kind: Kind, name: str, *, ending: bool) -> Failure:
    """An object of that name exists, or has not ended yet."""
    prefix = "object is being deleted: " if ending else ""
    message = f'{prefix}{qualified(kind)} "{name}" already exists'
    return Failure(HTTPStatus.CONFLICT, "AlreadyExists", message, _about(kind, name))


def conflict(kind: Kind, name: str, why: str) -> Failure:
    """The object is another one, or another version, than the request is about."""
    message = f'Operation cannot be fulfilled on {qualified(kind)} "{name}": {why}'
    return Failure(HTTPStatus.CONFLICT, "Conflict", message, _about(kind, name))


def failed_precondition(kind: Kind, name: str, why: str) -> Failure:
    """The object is another one than a delete is about. Told of the kind, not of the resource."""
    message = f'Operation cannot be fulfilled on {_qualified_kind(kind)} "{name}": {why}'
    about = _present(name=name, group=group(kind), kind=kind.kind)
    return Failure(HTTPStatus.CONFLICT, "Conflict", message, about)


def invalid(kind: Kind, name: str, causes: Sequence[Cause], prefix: str = "") -> Failure:
    """Some fields have values that they may not have. `prefix` is a webhook's introduction."""
    told = list(dict.fromkeys(map(str, causes)))
    listed = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    return Failure(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Invalid",
        f'{prefix}{_qualified_kind(kind)} "{name}" is invalid: {listed}',
        {
            **_present(name=name, group=group(kind), kind=kind.kind),
            "causes": [
                {"reason": each.reason, "message": each.message, "field": each.field}
                for each in causes
            ],
        },
    )


def does_not_apply() -> Failure:
    """A patch that does not fit the object."""
    message = "the server rejected our request due to an error in our request"
    return Failure(HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid", message, {})


def bad_request(message: str) -> Failure:
    """A request that makes no sense."""
    return Failure(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def too_large(why: str) -> Failure:
    """More than anybody needs."""
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return Failure(status, "RequestEntityTooLarge", f"Request entity too large: {why}")


def unknown_format(accepted: Sequence[str]) -> Failure:
    """A body of another content type than the ones that are read."""
    message = (
        "the body of the request was in an unknown format - accepted media types include:"
        f" {', '.join(accepted)}"
    )
    return Failure(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", message)


def not_acceptable(message: str) -> Failure:
    """Nothing that can be answered is accepted."""
    return Failure(HTTPStatus.NOT_ACCEPTABLE, "NotAcceptable", message)


def not_allowed() -> Failure:
    """The method means nothing there."""
    message = "the server does not allow this method on the requested resource"
    return Failure(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message, {})


def not_supported(kind: Kind, verb: str) -> Failure:
    """The method means nothing for a custom kind."""
    message = f'{verb} is not supported on resources of kind "{qualified(kind)}"'
    about = _present(group=group(kind), kind=kind.plural)
    return Failure(HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed", message, about)


def expired_page(token: str) -> Failure:
    """The page goes on from a past that is forgotten; the token goes on from what there is."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can"
        " start a new list without the continue parameter, or use the continue token in this"
        " response to retrieve the remainder of the results. Continuing with the provided token"
        " results in an inconsistent list - objects that were created, modified, or deleted between"
        " the time the first chunk was returned and now may show up in the list."
    )
    failure = Failure(HTTPStatus.GONE, "Expired", message)
    failure.continue_token = token
    return failure


def expired(revision: int, oldest: int) -> Failure:
    """The list or watch is of a past that is forgotten."""
    message = f"too old resource version: {revision} ({oldest})"
    return Failure(HTTPStatus.GONE, "Expired", message)


def to_come(revision: int, newest: int) -> Failure:
    """A version that is not there yet. A real API server waits some seconds before it says so."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {revision}, current: {newest}"
    details = {"causes": [cause], "retryAfterSeconds": 1}
    return Failure(HTTPStatus.GATEWAY_TIMEOUT, "Timeout", message, details, retry_after=1)


def mishap() -> Failure:
    """A mistake of the API server itself."""
    message = "Internal error occurred: the log of the API server has more"
    return Failure(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalError", message)


def ending_namespace(kind: Kind, name: str, namespace: str) -> Failure:
    """Nothing new is made in a namespace that is going."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    message = f'{qualified(kind)} "{name}" is forbidden: {why}'
    details = {**_about(kind, name), "causes": [cause]}
    return Failure(HTTPStatus.FORBIDDEN, "Forbidden", message, details)


def group(kind: Kind) -> str:
    """The kind's API group; empty for the core group."""
    return kind.api_version.rpartition("/")[0]


def qualified(kind: Kind) -> str:
    """The plural with its group, as messages name a resource."""
    return f"{kind.plural}.{group(kind)}" if group(kind) else kind.plural


def _qualified_kind(kind: Kind) -> str:
    return f"{kind.kind}.{group(kind)}" if group(kind) else kind.kind


def _about(kind: Kind, name: str) -> KubeObject:
    return _present(name=name, group=group(kind), kind=kind.plural)


def _present(**about: str) -> KubeObject:
    return {key: value for key, value in about.items() if value}
