"""What plans about roles are bound to: the declaration, and the Secret."""

from cnpg_mcp.domain.plans.plan import Effect, Fate
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.secret import RoleSecret


def holder_effect(census: Census, held: Declaration, fate: Fate, change: str = "") -> Effect:
    """What becomes of the DatabaseRole, or of the Cluster with the inline list, and how."""
    if held.object is not None:
        metadata, kind = held.object.metadata, "DatabaseRole"
    else:
        metadata, kind, fate = census.cluster.metadata, "Cluster", Fate.CHANGED
    return Effect(
        fate,
        kind,
        metadata.name,
        metadata.namespace,
        metadata.uid,
        str(metadata.generation),
        detail=": ".join(part for part in (_entry(held), change) if part),
    )


def _entry(held: Declaration) -> str:
    return "" if held.object is not None else f"entry {quoted(held.name)} of spec.managed.roles"


def secret_effect(secret: RoleSecret, fate: Fate, detail: str) -> Effect:
    """What becomes of the Secret."""
    metadata = secret.metadata
    version = "" if fate is Fate.LEFT else metadata.resource_version
    return Effect(
        fate, "Secret", secret.name, metadata.namespace, metadata.uid, version, detail=detail
    )
