"""What keeps something from being deleted, or its volumes, whoever asks."""

from cnpg_mcp.domain.marks import is_protected
from cnpg_mcp.domain.plans.plan import Blocker
from cnpg_mcp.domain.policy import Policy
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.errors import ErrorCode


def protection(policy: Policy, namespace: str, *objects: ObjectView) -> tuple[Blocker, ...]:
    """Blockers where the namespace or one of the objects is protected from deletion."""
    blockers = []
    if policy.protects(namespace):
        blockers.append(
            Blocker(
                "protected",
                ErrorCode.PROTECTED,
                f"The settings of this server protect namespace {namespace}: nothing in it may be "
                "deleted.",
                "Have an administrator change PROTECTED_NAMESPACES, if it is to go after all.",
            )
        )
    blockers += [_annotated(each) for each in objects if is_protected(each.metadata)]
    return tuple(blockers)


def _annotated(guarded: ObjectView) -> Blocker:
    return Blocker(
        "protected",
        ErrorCode.PROTECTED,
        f"{guarded.name} is protected by the annotation cnpg-mcp.io/deletion-protection.",
        "Have a person who may remove that annotation do so; no tool here does.",
    )
