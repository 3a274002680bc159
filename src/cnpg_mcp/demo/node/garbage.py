"""The garbage collector and the namespace controller."""

import asyncio

from cnpg_mcp.demo.client import ApiError
from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from cnpg_mcp.demo.node.world import World

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


async def collect(world: World) -> None:
    """Deletes what lost all its owners, and finishes foreground and orphaning deletions."""
    known = {obj["metadata"]["uid"] for _, obj in world.store.everything()}
    for plural, obj in world.store.everything():
        finalizers = obj["metadata"].get("finalizers") or []
        terminating = bool(obj["metadata"].get("deletionTimestamp"))
        if terminating and FOREGROUND in finalizers:
            await _finish_foreground(world, plural, obj)
        elif terminating and ORPHAN in finalizers:
            await _finish_orphaning(world, plural, obj)
        elif not terminating and await _is_dangling(world, obj, known):
            await world.remove(plural, obj, propagationPolicy="Background")


async def _is_dangling(world: World, obj: KubeObject, known: set[str]) -> bool:
    """Whether every owner is gone: asked of the API server, for the cache may lag behind."""
    owners = obj["metadata"].get("ownerReferences") or []
    if not owners or any(owner["uid"] in known for owner in owners):
        return False
    for owner in owners:
        if await _exists(world, owner, obj["metadata"].get("namespace")):
            return False
    return True


async def _exists(world: World, owner: KubeObject, namespace: str | None) -> bool:
    kind = BY_KIND.get(owner["kind"])
    if kind is None or kind.api_version != owner["apiVersion"]:
        return True
    meta = {"namespace": namespace, "name": owner["name"], "uid": owner["uid"]}
    return await world.exists(kind.plural, {"metadata": meta})


def _dependents(world: World, owner: KubeObject) -> list[tuple[str, KubeObject, KubeObject]]:
    """Plural, object and owner reference of everything that names this owner."""
    return [
        (plural, obj, reference)
        for plural, obj in world.store.everything()
        for reference in obj["metadata"].get("ownerReferences") or []
        if reference["uid"] == owner["metadata"]["uid"]
    ]


async def _finish_foreground(world: World, plural: str, owner: KubeObject) -> None:
    dependents = _dependents(world, owner)
    for kind, obj, _ in dependents:
        if not obj["metadata"].get("deletionTimestamp"):
            await world.remove(kind, obj, propagationPolicy="Background")
    if not any(reference.get("blockOwnerDeletion") for _, _, reference in dependents):
        await _without(world, plural, owner, FOREGROUND)


async def _finish_orphaning(world: World, plural: str, owner: KubeObject) -> None:
    for kind, obj, reference in _dependents(world, owner):
        kept = [each for each in obj["metadata"]["ownerReferences"] if each != reference]
        await world.patch(kind, obj, {"metadata": {"ownerReferences": kept or None}})
    await _without(world, plural, owner, ORPHAN)


async def _without(world: World, plural: str, obj: KubeObject, finalizer: str) -> None:
    kept = [each for each in obj["metadata"]["finalizers"] if each != finalizer]
    await world.set_finalizers(plural, obj, kept)


async def finish_namespaces(world: World) -> None:
    """Empties namespaces that are being deleted, by force, and lets them go."""
    for namespace in world.store.all("namespaces"):
        if not namespace["metadata"].get("deletionTimestamp"):
            continue
        name = namespace["metadata"]["name"]
        content = [
            (plural, obj)
            for plural, obj in world.store.everything()
            if obj["metadata"].get("namespace") == name
        ]
        if content:
            await asyncio.gather(*(_erase(world, plural, obj) for plural, obj in content))
        elif "kubernetes" in namespace["spec"].get("finalizers", []):
            await _finalize(world, namespace)


async def _erase(world: World, plural: str, obj: KubeObject) -> None:
    meta = obj["metadata"]
    if not meta.get("deletionTimestamp"):
        grace = {"gracePeriodSeconds": 0} if plural == "pods" else {}
        await world.remove(plural, obj, propagationPolicy="Background", **grace)
    elif meta.get("finalizers"):
        await world.set_finalizers(plural, obj, ())


async def _finalize(world: World, namespace: KubeObject) -> None:
    body = {**namespace, "spec": {"finalizers": []}}
    path = f"/api/v1/namespaces/{namespace['metadata']['name']}/finalize"
    try:
        await world.api.request("PUT", path, body)
    except ApiError as error:
        if error.status not in (404, 409):
            raise
