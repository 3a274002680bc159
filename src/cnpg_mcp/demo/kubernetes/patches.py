"""The kinds of patch that the API server takes."""

import copy
import json
from collections.abc import Callable

import json_merge_patch  # type: ignore[import-untyped]
import jsonpatch
from jsonpointer import JsonPointer, JsonPointerException

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import bad_request, does_not_apply, too_large
from cnpg_mcp.demo.kubernetes.requests import BYTES_ALLOWED

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"
OPERATIONS_ALLOWED = 10_000

Patched = Callable[[KubeObject], KubeObject]


def merge(patch: object) -> Patched:
    """RFC 7396.

    Raises:
        Failure: 400, where the patch is no object.
    """
    if not isinstance(patch, dict):
        raise _undecodable("the patch is no object")
    return lambda obj: _object(json_merge_patch.merge(copy.deepcopy(obj), patch))


def operations(patch: object) -> Patched:
    """RFC 6902, as the API server's library has it. `null` is a patch without operations.

    Raises:
        Failure: 400 where the patch is none, 413 where it is too long, 422 where it does not fit.
    """
    listed = [] if patch is None else patch
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise _undecodable("the patch is no list of operations")
    if len(listed) > OPERATIONS_ALLOWED:
        told = f"The allowed maximum operations in a JSON patch is {OPERATIONS_ALLOWED}"
        raise too_large(f"{told}, got {len(listed)}")
    return lambda obj: _operated(obj, listed)


def _operated(obj: KubeObject, listed: list[KubeObject]) -> KubeObject:
    changed, copied = copy.deepcopy(obj), 0
    try:
        for each in listed:
            operation = _known_to_go(changed, each)
            copied += _weight(changed, operation)
            if copied > BYTES_ALLOWED:
                raise too_large("more is copied than an object may be large")
            changed = jsonpatch.apply_patch(changed, [operation], in_place=True)
    except _UNFIT as error:
        raise does_not_apply() from error
    return _object(changed)


_UNFIT = (
    *(jsonpatch.JsonPatchException, jsonpatch.InvalidJsonPatch, JsonPointerException),
    *(TypeError, AttributeError, KeyError, ValueError, RecursionError),
)


def _known_to_go(obj: KubeObject, operation: KubeObject) -> KubeObject:
    """The operation; one that replaces a field that is absent adds it, against the RFC."""
    if operation.get("op") != "replace" or not operation.get("path"):
        return operation
    parent, key = JsonPointer(operation["path"]).to_last(obj)
    is_absent = isinstance(parent, dict) and key not in parent
    return {**operation, "op": "add"} if is_absent else operation


def _weight(obj: KubeObject, operation: KubeObject) -> int:
    """How many bytes a copy adds: copies of copies would grow without bound."""
    if operation.get("op") != "copy":
        return 0
    return len(json.dumps(JsonPointer(operation["from"]).resolve(obj)))


def _object(patched: object) -> KubeObject:
    if not isinstance(patched, dict):
        raise does_not_apply()
    return patched


def _undecodable(why: str) -> Exception:
    return bad_request(f"error decoding patch: {why}")


def same(one: KubeObject, other: KubeObject) -> bool:
    """Whether two objects are the same document."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
