"""The operator's own Deployment, as a cluster would show it."""

from cnpg_mcp.demo.client import ApiClient
from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.operator.labels import OPERATOR_IMAGE

NAMESPACE = "cnpg-system"
NAME = "cnpg-controller-manager"
LABELS = {"app.kubernetes.io/name": "cloudnative-pg"}


async def show(api: ApiClient, *, running: bool) -> None:
    """Writes the Deployment with one ready pod, or with none."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    await api.apply(namespace)
    applied = await api.apply(_deployment(running=running))
    kinds = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
    counts = dict.fromkeys(kinds, 1 if running else None)
    status = {**counts, "observedGeneration": applied["metadata"]["generation"]}
    await api.patch_status("deployments", NAMESPACE, NAME, status)


def _deployment(*, running: bool) -> KubeObject:
    container = {
        "name": "manager",
        "image": OPERATOR_IMAGE,
        "command": ["/manager"],
        "args": ["controller", "--leader-elect"],
    }
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": LABELS},
        "spec": {
            "replicas": int(running),
            "selector": {"matchLabels": LABELS},
            "template": template,
        },
    }
