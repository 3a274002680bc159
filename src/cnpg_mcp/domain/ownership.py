"""Who else looks after an object, and would undo what is done to it."""

from cnpg_mcp.domain.marks import is_ours
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.views.base import Metadata

_KEEPERS = {
    "argocd.argoproj.io/instance": "Argo CD application",
    "argocd.argoproj.io/tracking-id": "Argo CD application",
    "kustomize.toolkit.fluxcd.io/name": "Flux kustomization",
    "helm.toolkit.fluxcd.io/name": "Flux release",
    "meta.helm.sh/release-name": "Helm release",
}
"""Labels and annotations by which deployment tools know what is theirs."""


def whose(metadata: Metadata) -> str | None:
    """A sentence on who made the object and what would make it again; `None` where only we did."""
    marks = {**metadata.annotations, **metadata.labels}
    for mark, keeper in _KEEPERS.items():
        if mark in marks:
            name = f"{metadata.name} belongs to the {keeper} {quoted(marks[mark], 63)}"
            return f"{name}, which would undo this: change it there."
    if is_ours(metadata):
        return None
    makers = sorted({each.manager for each in metadata.managed_fields if each.is_persons})
    if not makers:
        return f"{metadata.name} was not made by this server."
    named = ", ".join(quoted(maker, 63) for maker in makers[:3])
    return f"{metadata.name} was not made by this server but with {named}."
