"""What can go wrong when talking to the API server.

KubeError
 ├─ ConfigurationError     no usable credentials: none found, malformed, or not given in time
 ├─ Unreachable            no connection, or it was cut
 │   └─ NotKubernetes      something answered that is no API server
 ├─ DeadlineExceeded       no answer in the time allowed
 ├─ CursorError            a page was asked for with a cursor of another question, or an expired one
 └─ StatusError            the API server answered with a failure
     ├─ BadRequest         400, also for unknown fields under strict validation
     ├─ Unauthorized       401
     ├─ Forbidden          403
     ├─ NotFound           404
     ├─ Conflict           409, stale resourceVersion or failed precondition
     │   └─ AlreadyExists  409 with reason AlreadyExists
     ├─ Gone               410, an expired continue token
     ├─ Invalid            422, with a cause for each field
     ├─ TooManyRequests    429
     └─ ServerError        5xx
         └─ WebhookFailed  500, an admission webhook could not be called
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class KubeError(Exception):
    """Anything that kept a call to the API server from its answer.

    `maybe_applied` is true when a write was sent and its fate is not known.
    """

    def __init__(self, message: str, *, maybe_applied: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.maybe_applied = maybe_applied


class ConfigurationError(KubeError):
    """There are no usable credentials: none were found, or they are malformed or late."""


class Unreachable(KubeError):
    """The API server could not be reached, or the connection was cut."""


class NotKubernetes(Unreachable):
    """What answered is no API server: a proxy's login page, a redirect to one."""

    def __init__(self, *, maybe_applied: bool = False) -> None:
        super().__init__(
            "What answered is not a Kubernetes API server, but perhaps a proxy or a login page.",
            maybe_applied=maybe_applied,
        )


class DeadlineExceeded(KubeError):
    """The API server did not answer in the time allowed."""


class CursorError(KubeError):
    """The cursor belongs to another question, is malformed, or has expired."""


@dataclass(frozen=True)
class Cause:
    """One entry of `details.causes`: the field at fault, a reason word, and the message."""

    field: str
    reason: str
    message: str


class StatusError(KubeError):
    """The API server answered with a `Status` of failure.

    `names_no_object` on a 404 means that the resource itself is not served (no CRD).
    """

    def __init__(
        self,
        status: int,
        body: Mapping[str, Any],
        *,
        retry_after: float | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        found = body.get("details")
        details = found if isinstance(found, dict) else {}
        super().__init__(str(body.get("message") or f"HTTP {status}"))
        self.status = status
        self.reason = str(body.get("reason") or "")
        self.names_no_object = not details.get("name")
        self.causes = tuple(
            Cause(c.get("field", ""), c.get("reason", ""), c.get("message", ""))
            for c in details.get("causes") or ()
            if isinstance(c, dict)
        )
        self.retry_after = retry_after
        self.warnings = warnings


class BadRequest(StatusError):
    """400: the request is malformed, or a field is unknown under strict validation."""


class Unauthorized(StatusError):
    """401: the credentials are not accepted."""


class Forbidden(StatusError):
    """403: the credentials do not allow this verb on this resource."""


class NotFound(StatusError):
    """404: no such object, or no such resource (its CRD is not installed)."""


class Conflict(StatusError):
    """409: the object has changed since it was read, or a precondition failed."""


class AlreadyExists(Conflict):
    """409: an object of that name exists."""


class Gone(StatusError):
    """410: the continue token has expired."""


class Invalid(StatusError):
    """422: the object was refused; `causes` names each field."""


class TooManyRequests(StatusError):
    """429: the API server sheds load; `retry_after` says for how long."""


class ServerError(StatusError):
    """5xx: the API server, or something it depends on, failed."""


class WebhookFailed(ServerError):
    """500: an admission webhook could not be called, so nothing was written."""

    @property
    def webhook(self) -> str:
        """The webhook's name; empty where the API server gives none."""
        named = _WEBHOOK_NAME.search(self.message)
        return named[1] if named else ""


_BY_STATUS: Mapping[int, type[StatusError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: TooManyRequests,
}

_WEBHOOK_FAILURE = "failed calling webhook"
"""The API server marks this failure by text alone: its reason is InternalError like any other."""
_WEBHOOK_NAME = re.compile(rf'{_WEBHOOK_FAILURE} "([a-z0-9.-]+)"')


def status_error(
    status: int,
    body: Mapping[str, Any],
    *,
    retry_after: float | None = None,
    warnings: tuple[str, ...] = (),
) -> StatusError:
    """The typed error of a failed answer."""
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else StatusError)  # noqa: PLR2004 - HTTP
    if kind is Conflict and body.get("reason") == "AlreadyExists":
        kind = AlreadyExists
    if kind is ServerError and _WEBHOOK_FAILURE in str(body.get("message")):
        kind = WebhookFailed
    return kind(status, body, retry_after=retry_after, warnings=warnings)
