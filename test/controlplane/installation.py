"""What a cluster with the operator has before anyone creates anything: CRDs, webhooks, a class."""

import asyncio
import base64
from pathlib import Path

import yaml

from cnpg_mcp.demo.kinds import CNPG_GROUP, KubeObject
from test.controlplane.api import PATIENCE_SECONDS, ApiError, KubeClient, until

OPERATOR_NAMESPACE = "cnpg-system"
OPERATOR_DEPLOYMENT = "cnpg-controller-manager"
MUTATED = ("backup", "cluster", "database", "scheduledbackup")
VALIDATED = (*MUTATED, "pooler")
UNPROCESSABLE = 422


async def install_crds(api: KubeClient, bodies: list[KubeObject]) -> None:
    """Applies the operator's CRDs and waits until they are served."""
    await asyncio.gather(*(_install_crd(api, body) for body in bodies))


def read_crds(folder: Path) -> list[KubeObject]:
    """The CRDs of a folder."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [
        yaml.load(file.read_text(), Loader=loader)  # noqa: S506 - a safe loader, the fast one if there
        for file in sorted(folder.glob("*.yaml"))
    ]


async def _install_crd(api: KubeClient, body: KubeObject) -> None:
    applied = await api.apply(body)
    name = applied["metadata"]["name"]
    await api.wait_for("customresourcedefinitions", None, name, _established)
    version = applied["spec"]["versions"][0]["name"]
    plural = applied["spec"]["names"]["plural"]
    path = f"/apis/{applied['spec']['group']}/{version}/{plural}"
    await until(lambda: _served(api, path), PATIENCE_SECONDS, lambda: f"{path} is not served")


def _established(crd: KubeObject) -> bool:
    conditions = (crd.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


async def _served(api: KubeClient, path: str) -> bool:
    try:
        await api.request("GET", path)
    except ApiError:
        return False
    return True


async def install_surroundings(api: KubeClient) -> None:
    """The operator's namespace and a default storage class."""
    await api.apply(_object("v1", "Namespace", OPERATOR_NAMESPACE))
    storage_class = _object("storage.k8s.io/v1", "StorageClass", "standard")
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    storage_class["metadata"]["annotations"] = annotations
    storage_class |= {"provisioner": "nodesim", "allowVolumeExpansion": True}
    await api.apply(storage_class)


async def show_operator(api: KubeClient, version: str, *, running: bool) -> None:
    """The operator's Deployment as a cluster would show it (the process itself is no pod)."""
    labels = {"app.kubernetes.io/name": "cloudnative-pg"}
    container = {"name": "manager", "image": f"registry.example/cloudnative-pg:{version}"}
    deployment = _object("apps/v1", "Deployment", OPERATOR_DEPLOYMENT)
    deployment["metadata"] |= {"namespace": OPERATOR_NAMESPACE, "labels": labels}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    deployment["spec"] = {
        "replicas": int(running),
        "selector": {"matchLabels": labels},
        "template": template,
    }
    applied = await api.apply(deployment)
    ready = 1 if running else None
    counts = dict.fromkeys(("replicas", "readyReplicas", "availableReplicas", "updatedReplicas"))
    status = {
        **dict.fromkeys(counts, ready),
        "observedGeneration": applied["metadata"]["generation"],
    }
    await api.patch_status("deployments", OPERATOR_NAMESPACE, OPERATOR_DEPLOYMENT, status)


async def install_webhooks(api: KubeClient, authority: bytes, port: int) -> None:
    """Registers the operator's admission webhooks by URL and waits until both are asked."""
    for verb, prefix, kinds in (
        ("mutate", "Mutating", MUTATED),
        ("validate", "Validating", VALIDATED),
    ):
        body = _object(
            "admissionregistration.k8s.io/v1",
            f"{prefix}WebhookConfiguration",
            f"cnpg-{prefix.lower()}-webhook-configuration",
        )
        body["webhooks"] = [_webhook(verb, kind, authority, port) for kind in kinds]
        await api.apply(body)
    await admitted(api)


def _webhook(verb: str, kind: str, authority: bytes, port: int) -> KubeObject:
    return {
        "name": f"{verb[0]}{kind}.cnpg.io",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 10,
        "clientConfig": {
            "url": f"https://127.0.0.1:{port}/{verb}-postgresql-cnpg-io-v1-{kind}",
            "caBundle": base64.b64encode(authority).decode(),
        },
        "rules": [
            {
                "apiGroups": [CNPG_GROUP],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": [f"{kind}s"],
            }
        ],
    }


async def admitted(api: KubeClient) -> None:
    """Returns when a dry run comes back with the webhooks' defaults, and a wrong one is refused.

    The API server learns of the two configurations by itself, in any order.
    """
    await until(lambda: _defaulted(api), PATIENCE_SECONDS, lambda: "no dry run was admitted")
    await until(lambda: _validated(api), PATIENCE_SECONDS, lambda: "no dry run was refused")


async def _defaulted(api: KubeClient) -> bool:
    try:
        answer = await api.create(_probe("1Gi"), dryRun="All")
    except ApiError:
        return False
    return "imageName" in answer["spec"]


async def _validated(api: KubeClient) -> bool:
    try:
        await api.create(_probe("no size"), dryRun="All")
    except ApiError as error:
        return error.status == UNPROCESSABLE
    return False


def _probe(size: str) -> KubeObject:
    probe = _object(f"{CNPG_GROUP}/v1", "Cluster", "probe")
    probe["metadata"]["namespace"] = "default"
    probe["spec"] = {"instances": 1, "storage": {"size": size}}
    return probe


def _object(api_version: str, kind: str, name: str) -> KubeObject:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}}
