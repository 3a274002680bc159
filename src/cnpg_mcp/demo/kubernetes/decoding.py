"""Whether a document is an object of its kind: its type, its shape, and unknown fields."""

import json
from http import HTTPStatus

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes import metadata
from cnpg_mcp.demo.kubernetes.bodies import Document
from cnpg_mcp.demo.kubernetes.definitions import Definition
from cnpg_mcp.demo.kubernetes.failures import Cause, Failure, bad_request, invalid
from cnpg_mcp.demo.kubernetes.requests import Request
from cnpg_mcp.demo.kubernetes.shapes import Shape

_SUMMARY_BYTES = 30


def decoded(
    request: Request, definition: Definition, document: Document
) -> tuple[KubeObject, tuple[str, ...]]:
    """The object of a document, and a warning for each field that is dropped.

    Raises:
        Failure: for something else, and under strict validation for a field too many: 400,
            or 422 where a patch has made it.
    """
    obj = _typed(request, definition, document.content)
    why = metadata.misfit(obj) or _misfit(definition, obj)
    if why:
        raise _undecodable(request, definition.kind, obj, why)
    problems = (*_doubled(document), *_unknown(definition, obj))
    mode = request.query.get("fieldValidation") or "Warn"
    if problems and mode == "Strict":
        why = f"strict decoding error: {', '.join(problems)}"
        raise _undecodable(request, definition.kind, obj, why)
    return obj, problems if mode == "Warn" else ()


def _typed(request: Request, definition: Definition, content: object) -> KubeObject:
    """The object of the kind. A built-in kind is presumed where none is named."""
    if content is None and not definition.custom:
        content = {}
    if not isinstance(content, dict):
        if content is None:
            raise _unrecognized(request, definition.kind, "Object 'Kind' is missing in 'null'")
        told = f"json: cannot unmarshal {metadata.called(content)} into Go value of an object"
        why = f"couldn't get version/kind; json parse error: {told}"
        raise _unrecognized(request, definition.kind, why)
    check = _check_custom if definition.custom else _check_builtin
    check(request, definition.kind, content)
    named = {"apiVersion": definition.kind.api_version, "kind": definition.kind.kind}
    return {**named, **content, **named}


def _check_custom(request: Request, kind: Kind, content: KubeObject) -> None:
    version, name = content.get("apiVersion") or "", content.get("kind")
    if not isinstance(name, str) or not name:
        missing = f"Object 'Kind' is missing in '{json.dumps(content)}'"
        if request.method == "PATCH":
            raise _undecodable(request, kind, content, missing)
        raise _unrecognized(request, kind, missing)
    meta = content.get("metadata")
    given = str(meta.get("name", "")) if isinstance(meta, dict) else ""
    if version != kind.api_version:
        raise _of_another_version(request, kind, str(version), given)
    if name != kind.kind:
        cause = Cause("FieldValueInvalid", f'Invalid value: "{name}": must be {kind.kind}', "kind")
        raise invalid(Kind(kind.api_version, name, kind.plural), given, [cause])


def _of_another_version(request: Request, kind: Kind, version: str, name: str) -> Failure:
    if request.method == "PATCH":
        told = f'Invalid value: "{version}": must be {kind.api_version}'
        cause = Cause("FieldValueInvalid", told, "apiVersion")
        return invalid(Kind(version, kind.kind, kind.plural), name, [cause])
    if version.count("/") > 1:
        return _unrecognized(request, kind, f"unexpected GroupVersion string: {version}")
    return bad_request(
        f"the API version in the data ({version}) does not match the expected API version"
        f" ({kind.api_version})"
    )


def _check_builtin(request: Request, kind: Kind, content: KubeObject) -> None:
    version, name = content.get("apiVersion"), content.get("kind")
    if isinstance(version, str) and version.count("/") > 1:
        raise _unrecognized(request, kind, f"unexpected GroupVersion string: {version}")
    if version not in (None, "", kind.api_version) or name not in (None, "", kind.kind):
        version, name = version or kind.api_version, name or kind.kind
        last = str(version).rpartition("/")[2]
        told = f'no kind "{name}" is registered for version "{version}"'
        raise bad_request(
            f'{name} in version "{last}" cannot be handled as a {kind.kind}: {told}'
            ' in scheme "pkg/runtime/scheme.go:111"'
        )


def _unrecognized(request: Request, kind: Kind, why: str) -> Failure:
    told = f"the object provided is unrecognized (must be of type {kind.kind}): {why}"
    return bad_request(f"{told} ({_summary(request.body)})")


def _summary(body: bytes) -> str:
    """The beginning of a body: as it is where it may be JSON, else in hexadecimal."""
    start, more = body[:_SUMMARY_BYTES], " ..." if len(body) > _SUMMARY_BYTES else ""
    shown = start.decode(errors="replace") if start.startswith(b"{") else start.hex()
    return f"{shown}{more}" if body else "<empty>"


def _misfit(definition: Definition, obj: KubeObject) -> str:
    """What of a built-in kind's object has a type that it cannot have."""
    schema = definition.schema
    return schema.misfit(obj) if isinstance(schema, Shape) else ""


def _undecodable(request: Request, kind: Kind, obj: KubeObject, why: str) -> Failure:
    if request.method != "PATCH":
        version = kind.api_version.rpartition("/")[2]
        told = f'{kind.kind} in version "{version}" cannot be handled as a {kind.kind}'
        return bad_request(f"{told}: {why}")
    told = f"Invalid value: {json.dumps(json.dumps(obj))}: {why}"
    cause = {"reason": "FieldValueInvalid", "message": told, "field": "patch"}
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return Failure(status, "Invalid", f' "" is invalid: patch: {told}', {"causes": [cause]})


def _unknown(definition: Definition, obj: KubeObject) -> tuple[str, ...]:
    of_metadata = [
        f"metadata.{key}" for key in obj.get("metadata") or {} if key not in metadata.KNOWN
    ]
    below = definition.schema.unknown(obj) if definition.schema else []
    found = [*of_metadata, *(each for each in below if not each.startswith("metadata."))]
    return tuple(f'unknown field "{path}"' for path in found)


def _doubled(document: Document) -> tuple[str, ...]:
    return tuple(f'duplicate field "{name}"' for name in document.duplicates)
