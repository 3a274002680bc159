"""What the API server adds to objects of built-in kinds, as far as anybody looks at it."""

from collections.abc import Callable, Mapping

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes import rbac_rules, secrets


def normal(kind: Kind, obj: KubeObject) -> KubeObject:
    """The object in the form in which it is stored, whether it is new or changed."""
    change = _NORMAL.get(kind.kind)
    return change(obj) if change else obj


def made(kind: Kind, obj: KubeObject) -> KubeObject:
    """The object as it is when it is new."""
    change = _CHANGES.get((kind.api_version, kind.kind))
    return change(obj) if change else obj


def _namespace(obj: KubeObject) -> KubeObject:
    meta = obj["metadata"]
    labels = {**(meta.get("labels") or {}), "kubernetes.io/metadata.name": meta["name"]}
    return {
        **obj,
        "metadata": {**meta, "labels": labels},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def _pod(obj: KubeObject) -> KubeObject:
    spec = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "serviceAccountName": "default",
        **(obj.get("spec") or {}),
    }
    return {**obj, "spec": spec, "status": {"phase": "Pending", "qosClass": "BestEffort"}}


def _claim(obj: KubeObject) -> KubeObject:
    finalizers = [*(obj["metadata"].get("finalizers") or ()), "kubernetes.io/pvc-protection"]
    spec = {"volumeMode": "Filesystem", **(obj.get("spec") or {})}
    meta = {**obj["metadata"], "finalizers": list(dict.fromkeys(finalizers))}
    return {**obj, "metadata": meta, "spec": spec, "status": {"phase": "Pending"}}


def _job(obj: KubeObject) -> KubeObject:
    return {**obj, "status": {}}


def _service(obj: KubeObject) -> KubeObject:
    spec = {"type": "ClusterIP", "sessionAffinity": "None", **(obj.get("spec") or {})}
    ports = [{"protocol": "TCP", **each} for each in spec.get("ports") or []]
    return {**obj, "spec": {**spec, "ports": ports}, "status": {"loadBalancer": {}}}


_CHANGES: Mapping[tuple[str, str], Callable[[KubeObject], KubeObject]] = {
    ("v1", "Namespace"): _namespace,
    ("v1", "Pod"): _pod,
    ("v1", "PersistentVolumeClaim"): _claim,
    ("v1", "Service"): _service,
    ("batch/v1", "Job"): _job,
}
_NORMAL: Mapping[str, Callable[[KubeObject], KubeObject]] = {
    "Secret": secrets.normal,
    "RoleBinding": rbac_rules.normal_binding,
    "ClusterRoleBinding": rbac_rules.normal_binding,
}
