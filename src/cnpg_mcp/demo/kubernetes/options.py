"""What a query asks for beside the object: dry runs, validation, managers, versions of lists."""

from collections.abc import Iterator, Sequence

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes import patches
from cnpg_mcp.demo.kubernetes.bodies import parsed
from cnpg_mcp.demo.kubernetes.failures import Cause, bad_request, invalid
from cnpg_mcp.demo.kubernetes.metadata import called, called_as_integer
from cnpg_mcp.demo.kubernetes.requests import Request

_DRY_RUNS = ("All",)
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_POLICIES = ("Foreground", "Background", "Orphan", "nil")
_MATCHES = ("Exact", "NotOlderThan", "")
_MANAGER_BYTES = 128
_KINDS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions"}
_OF_DELETES = ("v1", "meta.k8s.io/v1")


def check_write(request: Request) -> None:
    """Returns where the options of a create, update or patch make sense.

    Raises:
        Failure: 422.
    """
    _refuse(_KINDS[request.method], [*_of_write(request), *_of_patch(request)])


def check_list(request: Request) -> None:
    """Returns where the options of a list or watch make sense.

    Raises:
        Failure: 400 or 422.
    """
    request.number("timeoutSeconds")
    _refuse("ListOptions", list(_of_list(request)))
    request.revision("resourceVersion", "invalid resource version: ")
    if request.query.get("continue") and request.query.get("resourceVersion", "") not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")


def delete_options(request: Request) -> KubeObject:
    """DeleteOptions: the body's where there is one, else the query's. Never both.

    Raises:
        Failure: 400 or 422, where they are none.
    """
    options = _of_body(request.body) if request.body else _of_query(request)
    _refuse("DeleteOptions", list(_of_delete(options)))
    return options


def _of_body(body: bytes) -> KubeObject:
    options = parsed(body, "couldn't get version/kind; json parse error").content
    if not isinstance(options, dict):
        raise bad_request("json: cannot unmarshal into Go value of type v1.DeleteOptions")
    kind, version = options.get("kind", "DeleteOptions"), options.get("apiVersion", "v1")
    if kind != "DeleteOptions" or version not in _OF_DELETES:
        told = f'no kind "{kind}" is registered for version "{version}"'
        raise bad_request(f'{told} in scheme "pkg/runtime/scheme.go:111"')
    for field, value in _in_order(options):
        wanted, type_in_go = _DELETE_TYPES.get(field, (object, ""))
        if found := _other_than(wanted, value):
            told = f"{found} into Go struct field {field.removesuffix('[]')} of type {type_in_go}"
            raise bad_request(f"json: cannot unmarshal {told}")
    return options


_DELETE_TYPES: dict[str, tuple[type, str]] = {
    "DeleteOptions.dryRun": (list, "[]string"),
    "DeleteOptions.dryRun[]": (str, "string"),
    "DeleteOptions.gracePeriodSeconds": (int, "int64"),
    "DeleteOptions.orphanDependents": (bool, "bool"),
    "DeleteOptions.preconditions": (dict, "v1.Preconditions"),
    "Preconditions.preconditions.uid": (str, "types.UID"),
    "Preconditions.preconditions.resourceVersion": (str, "string"),
    "DeleteOptions.propagationPolicy": (str, "v1.DeletionPropagation"),
}


def _in_order(options: KubeObject) -> Iterator[tuple[str, object]]:
    """The fields as a decoder comes to them, with what is inside of them."""
    for name, value in options.items():
        yield f"DeleteOptions.{name}", value
        if isinstance(value, dict):
            yield from ((f"Preconditions.{name}.{key}", each) for key, each in value.items())
        if isinstance(value, list):
            yield from ((f"DeleteOptions.{name}[]", each) for each in value)


def _other_than(wanted: type, value: object) -> str:
    """What a value is called that has another type; empty where it has this one, or is null."""
    if value is None:
        return ""
    if wanted is int:
        return called_as_integer(value)
    return "" if isinstance(value, wanted) else called(value)


def _of_query(request: Request) -> KubeObject:
    options: KubeObject = {}
    if "dryRun" in request.query:
        options["dryRun"] = [request.query["dryRun"]]
    if "gracePeriodSeconds" in request.query:
        options["gracePeriodSeconds"] = request.number("gracePeriodSeconds")
    if "propagationPolicy" in request.query:
        options["propagationPolicy"] = request.query["propagationPolicy"]
    if "orphanDependents" in request.query:
        options["orphanDependents"] = request.flag("orphanDependents")
    return options


def _of_write(request: Request) -> Iterator[Cause]:
    if "dryRun" in request.query:
        yield from _dry_run([request.query["dryRun"]])
    validation = request.query.get("fieldValidation", "")
    if validation not in _VALIDATIONS:
        yield _unsupported("fieldValidation", f'"{validation}"', _VALIDATIONS)
    manager = request.query.get("fieldManager", "")
    if len(manager.encode()) > _MANAGER_BYTES:
        told = f"Too long: may not be more than {_MANAGER_BYTES} bytes"
        yield Cause("FieldValueTooLong", told, "fieldManager")
    if not manager.isprintable():
        told = f'Invalid value: "{manager}": should only contain printable characters'
        yield Cause("FieldValueInvalid", told, "fieldManager")


def _of_patch(request: Request) -> Iterator[Cause]:
    applies = request.method == "PATCH" and request.content_type == patches.APPLY
    if applies and not request.query.get("fieldManager"):
        told = "Required value: is required for apply patch"
        yield Cause("FieldValueRequired", told, "fieldManager")
    if request.method == "PATCH" and not applies and "force" in request.query:
        told = "Forbidden: may not be specified for non-apply patch"
        yield Cause("FieldValueForbidden", told, "force")


def _of_delete(options: KubeObject) -> Iterator[Cause]:
    yield from _dry_run(options.get("dryRun") or [])
    policy, orphans = options.get("propagationPolicy"), options.get("orphanDependents")
    if policy is not None and policy not in _POLICIES[:-1]:
        yield _unsupported("propagationPolicy", f'"{policy}"', _POLICIES)
    if policy is not None and orphans is not None:
        told = "orphanDependents and deletionPropagation cannot be both set"
        shown = f'Invalid value: "{policy}": {told}'
        yield Cause("FieldValueInvalid", shown, "propagationPolicy")


def _of_list(request: Request) -> Iterator[Cause]:
    match, version = (request.query.get(f"resourceVersion{each}", "") for each in ("Match", ""))
    if not match:
        return
    field = "resourceVersionMatch"
    if not version:
        told = f"Forbidden: {field} is forbidden unless resourceVersion is provided"
        yield Cause("FieldValueForbidden", told, field)
    if request.query.get("continue"):
        told = f"Forbidden: {field} is forbidden when continue is provided"
        yield Cause("FieldValueForbidden", told, field)
    if match not in _MATCHES:
        yield _unsupported(field, f'"{match}"', _MATCHES)
    if (match, version) == ("Exact", "0"):
        told = f'Forbidden: {field} "exact" is forbidden for resourceVersion "0"'
        yield Cause("FieldValueForbidden", told, field)


def _dry_run(values: Sequence[object]) -> Iterator[Cause]:
    if any(each != "All" for each in values):
        shown = ",".join(f'"{each}"' for each in values)
        yield _unsupported("dryRun", f"[{shown}]", _DRY_RUNS)


def _unsupported(field: str, shown: str, supported: Sequence[str]) -> Cause:
    listed = ", ".join(f'"{each}"' for each in supported)
    told = f"Unsupported value: {shown}: supported values: {listed}"
    return Cause("FieldValueNotSupported", told, field)


def _refuse(options: str, causes: list[Cause]) -> None:
    if causes:
        raise invalid(Kind("meta.k8s.io/v1", options, options.lower()), "", causes)
