"""Objects that tests create, in their smallest form, and what to wait for."""

import base64

from cnpg_mcp.demo.kinds import CNPG_GROUP, KubeObject
from test.controlplane.api import PATIENCE_SECONDS, KubeClient, until

HEALTHY = "Cluster in healthy state"
API_VERSION = f"{CNPG_GROUP}/v1"


def cluster(namespace: str, name: str = "pg", *, instances: int = 1, **spec: object) -> KubeObject:
    """A Cluster."""
    wanted = {"instances": instances, "storage": {"size": "1Gi"}, **spec}
    return _object("Cluster", namespace, name, wanted)


def database(namespace: str, name: str, cluster_name: str = "pg", **spec: object) -> KubeObject:
    """A Database named as its object, owned by ``app``."""
    wanted = {"cluster": {"name": cluster_name}, "name": name, "owner": "app", **spec}
    return _object("Database", namespace, name, wanted)


def database_role(
    namespace: str, name: str, cluster_name: str = "pg", **spec: object
) -> KubeObject:
    """A DatabaseRole named as its object."""
    return _object(
        "DatabaseRole", namespace, name, {"cluster": {"name": cluster_name}, "name": name, **spec}
    )


def password_secret(namespace: str, name: str, user: str, password: str) -> KubeObject:
    """A labelled basic-auth Secret."""
    data = {"username": user, "password": password}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    labels = {"cnpg.io/reload": "true"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "type": "kubernetes.io/basic-auth",
        "data": encoded,
    }


def healthy(found: KubeObject) -> bool:
    """The operator calls the Cluster healthy, with all wanted instances ready."""
    status = found.get("status") or {}
    ready = status.get("readyInstances") == found["spec"]["instances"]
    return bool(status.get("phase") == HEALTHY and ready)


def applied(found: KubeObject) -> bool:
    """The operator applied this generation of a Database or DatabaseRole."""
    status = found.get("status") or {}
    current = status.get("observedGeneration") == found["metadata"]["generation"]
    return bool(status.get("applied") and current)


def failed(found: KubeObject) -> bool:
    """The operator reported a failure."""
    return (found.get("status") or {}).get("applied") is False


async def healthy_cluster(
    admin: KubeClient, namespace: str, name: str = "pg", *, instances: int = 1, **spec: object
) -> KubeObject:
    """Creates a Cluster and waits until it is healthy."""
    await admin.create(cluster(namespace, name, instances=instances, **spec))
    return await admin.wait_for("clusters", namespace, name, healthy)


async def wait_endpoints(
    admin: KubeClient, namespace: str, service: str, instances: set[str]
) -> None:
    """Waits until the service's ready endpoints are exactly these instances."""
    selector = f"kubernetes.io/service-name={service}"
    seen: list[KubeObject] = []

    async def reached() -> bool:
        nonlocal seen
        seen = await admin.list("endpointslices", namespace, labelSelector=selector)
        endpoints = [each for part in seen for each in part["endpoints"] or []]
        ready = {each["targetRef"]["name"] for each in endpoints if each["conditions"]["ready"]}
        return bool(seen) and ready == instances

    await until(reached, PATIENCE_SECONDS, lambda: f"endpoints of {service}: {seen}")


async def wait_event(admin: KubeClient, namespace: str, kind: str, reason: str) -> KubeObject:
    """The first event with this reason about an object of this kind."""
    selector = f"involvedObject.kind={kind},reason={reason}"
    seen: list[KubeObject] = []

    async def recorded() -> bool:
        nonlocal seen
        seen = await admin.list("events", namespace, fieldSelector=selector)
        return bool(seen)

    await until(recorded, PATIENCE_SECONDS, lambda: f"no event {reason} about a {kind}")
    return seen[0]


def _object(kind: str, namespace: str, name: str, spec: KubeObject) -> KubeObject:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": meta, "spec": spec}
