"""The kinds that the control plane's tests handle, by plural name and by kind."""

from dataclasses import dataclass
from typing import Any

KubeObject = dict[str, Any]

CNPG_GROUP = "postgresql.cnpg.io"
CNPG_MANAGER = "manager"
"""As whom the operator and the instance managers write: one program, `/controller/manager`."""


@dataclass(frozen=True)
class Kind:
    """Where objects of one kind are served."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str = "", subresource: str = "") -> str:
        """The URL path of a collection, an object or a subresource."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        scope = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        tail = "".join(f"/{part}" for part in (name, subresource) if part)
        return f"{root}{self.api_version}{scope}/{self.plural}{tail}"


def _kinds(api_version: str, names: str, *, namespaced: bool = True) -> list[Kind]:
    """Kinds whose plural is regular: Kind names separated by spaces, or Kind:plural."""
    pairs = (name.split(":") for name in names.split())
    return [
        Kind(api_version, pair[0], pair[1] if len(pair) > 1 else f"{pair[0].lower()}s", namespaced)
        for pair in pairs
    ]


_ALL = [
    *_kinds(
        f"{CNPG_GROUP}/v1",
        "Cluster Database DatabaseRole Backup ScheduledBackup Pooler ImageCatalog Publication"
        " Subscription FailoverQuorum",
    ),
    *_kinds(f"{CNPG_GROUP}/v1", "ClusterImageCatalog", namespaced=False),
    *_kinds(
        "v1",
        "Pod Service Secret ConfigMap Event PersistentVolumeClaim ServiceAccount ResourceQuota",
    ),
    *_kinds("v1", "Namespace Node PersistentVolume", namespaced=False),
    *_kinds("batch/v1", "Job"),
    *_kinds("apps/v1", "Deployment ReplicaSet"),
    *_kinds("policy/v1", "PodDisruptionBudget"),
    *_kinds("coordination.k8s.io/v1", "Lease"),
    *_kinds("discovery.k8s.io/v1", "EndpointSlice"),
    *_kinds("networking.k8s.io/v1", "NetworkPolicy:networkpolicies Ingress:ingresses"),
    *_kinds("storage.k8s.io/v1", "StorageClass:storageclasses", namespaced=False),
    *_kinds("rbac.authorization.k8s.io/v1", "Role RoleBinding"),
    *_kinds("rbac.authorization.k8s.io/v1", "ClusterRole ClusterRoleBinding", namespaced=False),
    *_kinds(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        namespaced=False,
    ),
    *_kinds(
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
        namespaced=False,
    ),
    *_kinds(
        "authorization.k8s.io/v1",
        "SubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview",
        namespaced=False,
    ),
]

BY_PLURAL = {kind.plural: kind for kind in _ALL}
BY_KIND = {kind.kind: kind for kind in _ALL}
