"""The API server, CloudNativePG and its operator."""

from collections.abc import AsyncIterator

from cnpg_mcp.doctor.examination import Skip, Stop
from cnpg_mcp.doctor.findings import Finding, passed, quoted
from cnpg_mcp.doctor.inside import kinds
from cnpg_mcp.doctor.inside.place import KINDS, Place
from cnpg_mcp.doctor.probe import Failed, Unanswered
from cnpg_mcp.domain import resources
from cnpg_mcp.kube.errors import ConfigurationError, Forbidden, NotFound, StatusError
from cnpg_mcp.kube.objects import KubeObject, Resource

_NEEDED = (
    resources.CLUSTERS,
    resources.DATABASES,
    resources.BACKUPS,
    resources.SCHEDULED_BACKUPS,
    resources.POOLERS,
)
_OPERATOR = ("labelSelector", "app.kubernetes.io/name=cloudnative-pg")


async def api_server(place: Place) -> AsyncIterator[Finding]:
    """The API server answers, and accepts the credentials."""
    try:
        version = await place.get("/version")
        await _require_identity(place)
    except Unanswered as silence:
        is_ours = isinstance(silence.__cause__, ConfigurationError)
        kind = kinds.NO_CREDENTIALS if is_ours else kinds.API_AWAY
        yield kind.found(str(silence))
        raise Stop("The API server cannot be asked.") from None
    except Failed as failure:
        yield kinds.API_AWAY.found(str(failure))
        raise Stop("The API server cannot be asked.") from None
    except StatusError as refusal:
        yield kinds.API_REFUSES.found(f"{refusal.status}: {quoted(refusal.message)}")
        raise Stop("The API server does not accept the credentials.") from None
    yield passed("api-server", f"Kubernetes {quoted(str(version.get('gitVersion')))} answers.")


async def _require_identity(place: Place) -> None:
    """Some API servers answer /version to everybody: discovery is for those who are known."""
    try:
        await place.get("/apis")
    except Forbidden:
        return


async def cnpg(place: Place) -> AsyncIterator[Finding]:
    """CloudNativePG's kinds are served."""
    place.served = await _served(place, resources.CLUSTERS)
    if resources.CLUSTERS not in place.served:
        yield kinds.CNPG_MISSING.found(f"{resources.CLUSTERS} is not served.")
        raise Stop("CloudNativePG is not installed.")
    missing = [str(each) for each in _NEEDED if each not in place.served]
    if missing:
        yield kinds.KIND_MISSING.found(f"Not served: {', '.join(missing)}.")
    else:
        yield passed("cnpg", "CloudNativePG's kinds are served.")
    if resources.DATABASE_ROLES not in place.served:
        yield kinds.NO_DATABASE_ROLES.found(f"{resources.DATABASE_ROLES} is not served.")
    place.served |= await _served(place, resources.OBJECT_STORES)
    if resources.OBJECT_STORES not in place.served:
        yield kinds.NO_OBJECT_STORES.found(f"{resources.OBJECT_STORES} is not served.")


async def _served(place: Place, example: Resource) -> set[Resource]:
    """Which resources of a group and version are served."""
    try:
        found = await place.get(f"/apis/{example.group}/{example.version}")
    except NotFound:
        return set()
    except Forbidden:
        raise Skip("the API server does not tell which kinds it serves (403).") from None
    names = {kind.get("name") for kind in found.get("resources") or () if isinstance(kind, dict)}
    return {each for each in KINDS if each.group == example.group and each.plural in names}


async def operator(place: Place) -> AsyncIterator[Finding]:
    """The operator's Deployment has a ready pod."""
    try:
        found = (await place.get(resources.DEPLOYMENTS.path(), _OPERATOR)).get("items") or ()
    except Forbidden:
        yield kinds.OPERATOR_UNSEEN.found("Deployments of other namespaces may not be listed.")
        return
    if not found:
        yield kinds.OPERATOR_UNSEEN.found(f"No Deployment with label {_OPERATOR[1]}.")
    elif not any(_ready(deployment) for deployment in found):
        yield kinds.OPERATOR_DOWN.found(f"{_named(found[0])} has no ready pod.")
    else:
        yield passed("operator", f"{_named(found[0])} is ready.")


def _ready(deployment: KubeObject) -> int:
    return int((deployment.get("status") or {}).get("readyReplicas") or 0)


def _named(deployment: KubeObject) -> str:
    metadata = deployment.get("metadata") or {}
    return f"Deployment {metadata.get('namespace')}/{metadata.get('name')}"
