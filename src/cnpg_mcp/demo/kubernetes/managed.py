"""`managedFields`: which writer owns which fields. A list is one field to it."""

from collections.abc import Iterator, Mapping, Sequence

from cnpg_mcp.demo.kinds import KubeObject

Path = tuple[str, ...]
_WRITER = ("manager", "operation", "subresource")
_NOT_OWNED = {
    "": frozenset(("apiVersion", "kind")),
    "metadata": frozenset(
        (
            *("name", "namespace", "generateName", "uid", "resourceVersion", "generation"),
            *("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"),
            *("managedFields", "selfLink"),
        )
    ),
}


def updated(old: KubeObject | None, new: KubeObject, entry: KubeObject) -> list[KubeObject]:
    """The entries after a write: the writer owns what changed, and nobody what is gone."""
    before, now = _fields(old or {}), _fields(new)
    changed = {path for path, value in now.items() if not _same(before.get(path), value)}
    return _shared(_entries(old), entry, now, changed, changed)


def applied(
    old: KubeObject | None, new: KubeObject, configuration: KubeObject, entry: KubeObject
) -> list[KubeObject]:
    """The entries after a server-side apply: the writer owns what it configured."""
    before, now = _fields(old or {}), _fields(new)
    changed = {path for path, value in now.items() if not _same(before.get(path), value)}
    claimed = _fields(configuration).keys() & now.keys()
    others = [each for each in _entries(old) if not _is_by(each, entry)]
    return _shared(others, entry, now, changed, claimed)


def without_dropped(obj: KubeObject, configuration: KubeObject, manager: str) -> KubeObject:
    """The object without fields that a manager applied before and nobody wants any longer."""
    wanted = set(_fields(configuration))
    mine = {"manager": manager, "operation": "Apply"}
    dropped: set[Path] = set()
    for each in _entries(obj):
        if _is_by(each, mine):
            dropped = _paths(each) - wanted
        else:
            wanted |= _paths(each)
    for path in dropped - wanted:
        obj = _without(obj, path)
    return obj


def _shared(
    entries: Sequence[KubeObject],
    entry: KubeObject,
    now: Mapping[Path, object],
    changed: set[Path],
    claimed: set[Path],
) -> list[KubeObject]:
    """The entries with what they still own, and what the writer claims."""
    left, mine = [], set(claimed)
    for each in entries:
        owned = _paths(each) & now.keys()
        if _is_by(each, entry):
            mine |= owned
        elif owned - changed:
            left.append({**each, "fieldsV1": _tree(owned - changed)})
    if mine:
        left.append({**entry, "fieldsType": "FieldsV1", "fieldsV1": _tree(mine)})
    return left


def _entries(obj: KubeObject | None) -> list[KubeObject]:
    found: list[KubeObject] = (obj or {}).get("metadata", {}).get("managedFields") or []
    return found


def _is_by(entry: KubeObject, writer: KubeObject) -> bool:
    return all(entry.get(key) == writer.get(key) for key in _WRITER)


def _fields(obj: KubeObject) -> dict[Path, object]:
    """What can be owned, by path."""
    return {
        path: value
        for path, value in _leaves(obj, ())
        if path[0] not in _NOT_OWNED[""]
        and (path[0] != "metadata" or (len(path) > 1 and path[1] not in _NOT_OWNED["metadata"]))
    }


def _leaves(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    if isinstance(value, dict) and (value or not path):
        for key, each in value.items():
            yield from _leaves(each, (*path, key))
    else:
        yield path, value


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other


def _paths(entry: KubeObject) -> set[Path]:
    """What an entry owns."""
    return {
        tuple(key.removeprefix("f:") for key in path)
        for path, _ in _leaves(entry.get("fieldsV1") or {}, ())
        if all(key.startswith("f:") for key in path)
    }


def _tree(paths: set[Path]) -> KubeObject:
    root: KubeObject = {}
    for path in sorted(paths):
        node = root
        for key in path:
            node = node.setdefault(f"f:{key}", {})
    return root


def _without(obj: KubeObject, path: Path) -> KubeObject:
    """The object without a field; objects that were changed on the way are new ones."""
    key, *rest = path
    if key not in obj:
        return obj
    if not rest:
        return {name: value for name, value in obj.items() if name != key}
    inner = obj[key]
    return {**obj, key: _without(inner, tuple(rest))} if isinstance(inner, dict) else obj
