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
    """An answer that is no success."""

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
        self.details = details or {}
        self.retry_after = retry_after

    def body(self) -> KubeObject:
        """The `Status` object."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details:
            body["details"] = self.details
        return {**body, "code": int(self.status)}


def not_found(kind: Kind, name: str) -> Failure:
    """No object of that name."""
    message = f'{qualified(kind)} "{name}" not found'
    return Failure(HTTPStatus.NOT_FOUND, "NotFound", message, _about(kind, name))


def no_such_path() -> Failure:
    """Nothing is served there."""
    message = "the server could not find the requested resource"
    return Failure(HTTPStatus.NOT_FOUND, "NotFound", message)


def already_exists(kind: Kind, name: str) -> Failure:
    """An object of that name exists."""
    message = f'{qualified(kind)} "{name}" already exists'
    return Failure(HTTPStatus.CONFLICT, "AlreadyExists", message, _about(kind, name))


def conflict(kind: Kind, name: str, why: str) -> Failure:
    """The object is another one, or another version, than the request is about."""
    message = f'Operation cannot be fulfilled on {qualified(kind)} "{name}": {why}'
    return Failure(HTTPStatus.CONFLICT, "Conflict", message, _about(kind, name))


def invalid(kind: Kind, name: str, causes: Sequence[Cause], prefix: str = "") -> Failure:
    """Some fields have values that they may not have. `prefix` is a webhook's introduction."""
    told = ", ".join(map(str, causes))
    listed = told if len(causes) == 1 else f"[{told}]"
    about = {"name": name, "group": group(kind), "kind": kind.kind}
    return Failure(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Invalid",
        f'{prefix}{kind.kind}.{group(kind)} "{name}" is invalid: {listed}',
        {
            **{key: value for key, value in about.items() if value},
            "causes": [
                {"reason": each.reason, "message": each.message, "field": each.field}
                for each in causes
            ],
        },
    )


def bad_request(message: str) -> Failure:
    """A request that makes no sense."""
    return Failure(HTTPStatus.BAD_REQUEST, "BadRequest", message)


def group(kind: Kind) -> str:
    """The kind's API group; empty for the core group."""
    return kind.api_version.rpartition("/")[0]


def qualified(kind: Kind) -> str:
    """The plural with its group, as messages name a resource."""
    return f"{kind.plural}.{group(kind)}" if group(kind) else kind.plural


def _about(kind: Kind, name: str) -> KubeObject:
    details = {"name": name, "group": group(kind), "kind": kind.plural}
    return {key: value for key, value in details.items() if value}
