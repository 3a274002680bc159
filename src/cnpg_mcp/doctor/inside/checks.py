"""All checks from inside. Those of Kubernetes end when it cannot be asked; the others go on."""

from cnpg_mcp.doctor.examination import Check
from cnpg_mcp.doctor.inside.configuration import configuration
from cnpg_mcp.doctor.inside.kubernetes import api_server, cnpg, operator
from cnpg_mcp.doctor.inside.permissions import impersonation, permissions
from cnpg_mcp.doctor.inside.place import Place
from cnpg_mcp.doctor.inside.provider import (
    provider,
    provider_client,
    provider_keys,
    provider_login,
)
from cnpg_mcp.doctor.inside.store import plan_store, store

KUBERNETES: tuple[Check[Place], ...] = (api_server, cnpg, operator, permissions, impersonation)
OTHERS: tuple[Check[Place], ...] = (
    configuration,
    provider,
    provider_keys,
    provider_client,
    provider_login,
    store,
    plan_store,
)
