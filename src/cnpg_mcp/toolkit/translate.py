"""Failures as the caller reads them: one code, what happened, what to do next."""

import difflib
from collections.abc import Collection

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.errors import ErrorCode, FieldError, ToolFailure
from cnpg_mcp.kube.errors import (
    AlreadyExists,
    BadRequest,
    ConfigurationError,
    Conflict,
    CursorError,
    DeadlineExceeded,
    Forbidden,
    Gone,
    Invalid,
    KubeError,
    NotFound,
    NotKubernetes,
    StatusError,
    TooManyRequests,
    Unauthorized,
    WebhookFailed,
)

_UNKNOWN_FATE = " The change may or may not have been made."
_LOOK = "Look at the present state before trying again."

_BY_KIND: tuple[tuple[type[KubeError], ErrorCode, str], ...] = (
    (
        ConfigurationError,
        ErrorCode.UNAVAILABLE,
        "Correct the Kubernetes credentials of this server; it tries again at the next call.",
    ),
    (CursorError, ErrorCode.INVALID, "Call again without cursor to start at the first page."),
    (Gone, ErrorCode.INVALID, "Call again without cursor to start at the first page."),
    (DeadlineExceeded, ErrorCode.TIMEOUT, "Try again; if it persists, check the API server."),
    (Unauthorized, ErrorCode.FORBIDDEN, "Renew the Kubernetes credentials of this server."),
    (
        Forbidden,
        ErrorCode.FORBIDDEN,
        "Ask a Kubernetes administrator to grant this to the user that the message names.",
    ),
    (NotFound, ErrorCode.NOT_FOUND, "Check namespace and name."),
    (AlreadyExists, ErrorCode.ALREADY_EXISTS, "Choose another name, or use what exists."),
    (Conflict, ErrorCode.CONFLICT, "Try again: the object was changed at the same moment."),
    (Invalid, ErrorCode.INVALID, "Correct the fields named and call again; nothing was changed."),
    (BadRequest, ErrorCode.INVALID, "Correct the request and call again; nothing was changed."),
    (TooManyRequests, ErrorCode.RATE_LIMITED, "Wait a few seconds and try again."),
    (
        NotKubernetes,
        ErrorCode.UNAVAILABLE,
        "Check the address and the proxy with which this server reaches Kubernetes.",
    ),
)
_OPERATOR_DOWN = (
    ErrorCode.OPERATOR_UNAVAILABLE,
    "Check that the CloudNativePG operator runs and its webhook is reachable; nothing changed.",
)
_OPERATOR_WEBHOOKS = ".cnpg.io"
_OPERATOR_PATH = "-postgresql-cnpg-io-"
"""In the URL of each of the operator's webhooks, whatever an installation names them."""


def explain(error: KubeError) -> ToolFailure:
    """What an API server's failure means to the caller; its words are quoted, not repeated."""
    code, next_step = _code_and_step(error)
    message = _message(error)
    if error.maybe_applied:
        message, next_step = message + _UNKNOWN_FATE, _LOOK
    return ToolFailure(code, message, next_step, _fields(error))


def _code_and_step(error: KubeError) -> tuple[ErrorCode, str]:
    if isinstance(error, WebhookFailed):
        return _of_webhook(error)
    if isinstance(error, TooManyRequests) and error.retry_after:
        return ErrorCode.RATE_LIMITED, f"Wait {error.retry_after:.0f} seconds and try again."
    for kind, code, next_step in _BY_KIND:
        if isinstance(error, kind):
            return code, next_step
    return ErrorCode.UNAVAILABLE, "Try again; if it persists, check the API server."


def _of_webhook(error: WebhookFailed) -> tuple[ErrorCode, str]:
    """A webhook of something else in the cluster says nothing about the operator."""
    if error.webhook.endswith(_OPERATOR_WEBHOOKS) or _OPERATOR_PATH in error.message:
        return _OPERATOR_DOWN
    named = f"the admission webhook {error.webhook}".rstrip()
    return ErrorCode.UNAVAILABLE, f"Check that {named} is reachable; nothing changed."


def _message(error: KubeError) -> str:
    if isinstance(error, Gone):
        return "The cursor has expired: the list has changed too much since its page was made."
    if isinstance(error, Invalid) and error.causes:
        return "The API server refused the object."
    if isinstance(error, StatusError):
        return f"The API server answered {error.status}: {quoted(error.message)}."
    return error.message


def _fields(error: KubeError) -> tuple[FieldError, ...]:
    if not isinstance(error, StatusError):
        return ()
    return tuple(FieldError(cause.field, quoted(cause.message)) for cause in error.causes)


def explain_arguments(error: ValidationError, model: type[BaseModel]) -> ToolFailure:
    """Which arguments cannot be right, without echoing any value: it may be a secret."""
    known = list(model.model_fields)
    fields = tuple(_argument(item, known) for item in error.errors(include_input=False))
    return ToolFailure(
        ErrorCode.INVALID,
        "The arguments are not valid.",
        "Correct them and call again; nothing was changed.",
        fields,
    )


_USUAL_MISTAKES = {"name": "cluster_name", "cluster_name": "name", "replicas": "instances"}
"""Arguments that callers take for others, where the likeness of the words leads astray."""


_MADE_HERE = (
    "no such argument: this server makes the password itself and keeps it in a Secret; "
    "update_postgres_role with rotate_password=true makes a new one"
)


def _argument(item: ErrorDetails, known: Collection[str]) -> FieldError:
    name = ".".join(str(part) for part in item["loc"])
    if item["type"] != "extra_forbidden":
        return FieldError(name, item["msg"].removeprefix("Value error, "))
    if name == "password" and "role_name" in known:
        return FieldError(name, _MADE_HERE)
    near = [_USUAL_MISTAKES.get(name, ""), *difflib.get_close_matches(name, known, n=1)]
    meant = next((each for each in near if each in known), None)
    hint = f"; did you mean {meant}?" if meant else ""
    return FieldError(name, f"no such argument{hint}")
