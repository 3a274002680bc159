"""Objects as kubectl and Helm send them, and what the API server says besides yes."""

import yaml

from cnpg_mcp.demo.client import APPLY_PATCH
from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from test.controlplane.api import ApiError, KubeClient, until
from test.deploy.rendered import HOOK, Document, Rendered

LEVEL = "restricted"
POD_SECURITY = {
    f"pod-security.kubernetes.io/{mode}": LEVEL for mode in ("enforce", "warn", "audit")
}
GUARD_SECONDS = 60
NOT_SERVED = frozenset({"ServiceMonitor"})
"""Kinds of the Prometheus operator, which is not there."""


async def guarded_namespace(admin: KubeClient, name: str) -> str:
    """Gives a namespace the level of Pod Security that the chart promises; it holds by now."""
    await admin.patch("namespaces", None, name, {"metadata": {"labels": POD_SECURITY}})
    path, text = BY_KIND["Deployment"].path(name), yaml.safe_dump(_unrestricted(name))

    async def is_guarded() -> bool:
        warnings = await _send(admin, "POST", path, text, {"dryRun": "All"})
        return any("PodSecurity" in warning for warning in warnings)

    await until(is_guarded, GUARD_SECONDS, lambda: f"{name} is not guarded")
    return name


def _unrestricted(namespace: str) -> KubeObject:
    """What the API server warns of in a guarded namespace."""
    labels = {"app": "unrestricted"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "unrestricted", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "any", "image": "any"}]},
            },
        },
    }


async def apply_all(admin: KubeClient, rendered: Rendered) -> list[str]:
    """Applies every object but the hooks; the API server's warnings.

    Raises:
        ApiError: an object is refused: an unknown field suffices.
    """
    warnings = []
    for document in rendered.documents:
        body = document.body
        if body["kind"] not in NOT_SERVED and HOOK not in body["metadata"].get("annotations", {}):
            warnings += await _apply(admin, document)
    return warnings


async def admit_pods(admin: KubeClient, rendered: Rendered) -> list[str]:
    """Lets the API server admit the pods, of the Deployment and of the hooks; its warnings.

    Raises:
        ApiError: one is not admitted.
    """
    namespace = rendered.deployment["metadata"]["namespace"]
    template = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**rendered.pod["metadata"], "name": "pod", "namespace": namespace},
        "spec": rendered.pod["spec"],
    }
    warnings = []
    for body in (template, *rendered.doctors):
        path = BY_KIND["Pod"].path(namespace)
        params = {"dryRun": "All", "fieldValidation": "Strict"}
        warnings += await _send(admin, "POST", path, yaml.safe_dump(body), params)
    return warnings


async def _apply(admin: KubeClient, document: Document) -> list[str]:
    meta = document.body["metadata"]
    path = BY_KIND[document.body["kind"]].path(meta.get("namespace"), meta["name"])
    params = {"fieldManager": "deploy", "fieldValidation": "Strict"}
    return await _send(admin, "PATCH", path, document.text, params)


async def _send(
    admin: KubeClient, method: str, path: str, text: str, params: dict[str, str]
) -> list[str]:
    """Sends YAML as it is, so that a field given twice is seen as well."""
    kind = APPLY_PATCH if method == "PATCH" else "application/yaml"
    headers = {"Content-Type": kind, "Accept": "application/json"}
    async with admin.session.request(
        method, path, data=text, params=params, headers=headers
    ) as response:
        answer: KubeObject = await response.json()
        if response.status >= 300:
            raise ApiError(response.status, answer)
        return list(response.headers.getall("Warning", ()))
