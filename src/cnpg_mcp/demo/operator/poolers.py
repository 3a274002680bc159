"""Poolers: their Deployment and Service, and the status of one that is accepted."""

import base64
import secrets

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator.labels import MANAGED_BY, body, labels, owner
from cnpg_mcp.demo.operator.scene import leaving
from cnpg_mcp.demo.operator.world import World

IMAGE = "registry.example/pgbouncer:1.25.1"
POOLER_NAME = "cnpg.io/poolerName"
PORT = 5432


async def reconcile(world: World, pooler: KubeObject) -> None:
    """Makes what a Pooler needs; without its cluster nothing is done."""
    meta, name = pooler["metadata"], pooler["spec"]["cluster"]["name"]
    cluster = world.store.get("clusters", meta["namespace"], name)
    if cluster is None or leaving(pooler):
        return
    held = {
        kind: world.store.get("secrets", meta["namespace"], f"{name}-{kind}")
        for kind in ("ca", "server", "pooler")
    }
    if held["pooler"] is None:
        held["pooler"] = await world.create(_login(cluster))
    if not all(held.values()):
        return
    for wanted in (_deployment(pooler, cluster), _service(pooler, cluster)):
        plural = f"{wanted['kind'].lower()}s"
        if world.store.get(plural, meta["namespace"], meta["name"]) is None:
            await world.create(wanted)
    await _run(world, pooler)
    await world.set_status("poolers", pooler, _status(pooler, held))


async def _run(world: World, pooler: KubeObject) -> None:
    """Brings the Deployment to the wanted number, and says that its pods are there."""
    meta = pooler["metadata"]
    found = world.store.get("deployments", meta["namespace"], meta["name"])
    count = pooler["spec"].get("instances", 1)
    if found and found["spec"].get("replicas") != count:
        found = await world.patch("deployments", found, {"spec": {"replicas": count}})
    if found:
        kinds = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
        status = {"observedGeneration": found["metadata"]["generation"]}
        await world.set_status("deployments", found, {**dict.fromkeys(kinds, count), **status})


def _status(pooler: KubeObject, held: dict[str, KubeObject | None]) -> KubeObject:
    versions = {
        kind: {
            "name": secret["metadata"]["name"],
            "version": secret["metadata"]["resourceVersion"],
        }
        for kind, secret in held.items()
        if secret
    }
    return {
        "phase": "active",
        "image": IMAGE,
        "instances": pooler["spec"].get("instances", 1),
        "secrets": {
            "clientCA": versions["ca"],
            "clientTLS": versions["server"],
            "pgBouncerSecrets": {"authQuery": versions["pooler"]},
            "serverCA": versions["ca"],
            "serverTLS": {},
        },
    }


def _login(cluster: KubeObject) -> KubeObject:
    name = f"{cluster['metadata']['name']}-pooler"
    made = body("v1", "Secret", cluster, name, dict(MANAGED_BY))
    data = {"username": "cnpg_pooler_pgbouncer", "password": secrets.token_urlsafe(48)}
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {**made, "type": "kubernetes.io/basic-auth", "data": encoded}


def _owned(api_version: str, kind: str, pooler: KubeObject, cluster: KubeObject) -> KubeObject:
    name = pooler["metadata"]["name"]
    labelled = {**labels(cluster), "cnpg.io/podRole": "pooler", POOLER_NAME: name}
    made = body(api_version, kind, cluster, name, labelled)
    made["metadata"]["ownerReferences"] = [owner(pooler, blockOwnerDeletion=True)]
    return made


def _deployment(pooler: KubeObject, cluster: KubeObject) -> KubeObject:
    made = _owned("apps/v1", "Deployment", pooler, cluster)
    selector = {POOLER_NAME: pooler["metadata"]["name"]}
    container = {
        "name": "pgbouncer",
        "image": IMAGE,
        "command": ["/controller/manager", "pgbouncer", "run"],
        "ports": [{"name": "pgbouncer", "containerPort": PORT}],
    }
    spec = {
        "replicas": pooler["spec"].get("instances", 1),
        "selector": {"matchLabels": selector},
        "template": {
            "metadata": {"labels": made["metadata"]["labels"]},
            "spec": {"containers": [container]},
        },
    }
    return {**made, "spec": spec}


def _service(pooler: KubeObject, cluster: KubeObject) -> KubeObject:
    port = {"name": "pgbouncer", "protocol": "TCP", "port": PORT, "targetPort": PORT}
    selector = {POOLER_NAME: pooler["metadata"]["name"]}
    spec = {"type": "ClusterIP", "ports": [port], "selector": selector}
    return {**_owned("v1", "Service", pooler, cluster), "spec": spec}
