"""What plans about roles are bound to: the declaration, and the Secret."""

from cnpg_mcp.domain.plans.plan import Effect, Fate
from cnpg_mcp.domain.roles.census import Census, Declaration
from cnpg_mcp.domain.roles.secret import RoleSecret


def holder_effect(census: Census, held: Declaration, fate: Fate) -> Effect:
    """What becomes of the DatabaseRole, or of the Cluster with the inline list."""
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
        detail="" if held.object is not None else "an entry of spec.managed.roles",
    )


def secret_effect(secret: RoleSecret, fate: Fate, detail: str) -> Effect:
    """What becomes of the Secret."""
    metadata = secret.metadata
    version = "" if fate is Fate.LEFT else metadata.resource_version
    return Effect(
        fate, "Secret", secret.name, metadata.namespace, metadata.uid, version, detail=detail
    )
