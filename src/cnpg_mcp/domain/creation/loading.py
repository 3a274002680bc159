"""What an order for a cluster would make PostgreSQL load or run: that needs a plan."""

from dataclasses import asdict

from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.creation.parameters import loading_code
from cnpg_mcp.domain.plans.plan import Act, Effect, Fate, Plan
from cnpg_mcp.domain.policy import Policy
from cnpg_mcp.domain.quoting import quoted

TOOL = "create_postgres_cluster"
_VALUE_CHARS = 80


def load_plan(policy: Policy, namespace: str, order: ClusterOrder) -> Plan:
    """What of the order needs a plan; no effects where nothing does."""
    loaded = [
        Effect(Fate.LOADED, "parameter", name, detail=quoted(order.parameters[name], _VALUE_CHARS))
        for name in loading_code(order.parameters)
    ]
    if order.image and not policy.allows_image(order.image):
        detail = "not under an allowed prefix"
        loaded.append(Effect(Fate.LOADED, "image", order.image, detail=detail))
    made = [Effect(Fate.CREATED, "Cluster", order.name, namespace)] if loaded else []
    arguments = {**asdict(order), "parameters": dict(order.parameters)}
    return Plan(Act(TOOL, namespace, {**arguments, "labels": dict(order.labels)}), (*made, *loaded))
