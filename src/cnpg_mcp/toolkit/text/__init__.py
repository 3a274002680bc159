"""Results as text: complete and compact, since many clients show a model nothing else."""

from collections.abc import Callable, Mapping
from typing import Any

from cnpg_mcp.domain.outcomes import ClusterCreation, ClusterWrite, DatabaseWrite, RoleWrite
from cnpg_mcp.domain.results import ClusterList, ClusterStatus, DatabaseList, Result, RoleList
from cnpg_mcp.toolkit.text.clusters import cluster_creation, cluster_status, cluster_write
from cnpg_mcp.toolkit.text.declared import database_write, role_write
from cnpg_mcp.toolkit.text.lists import cluster_list, database_list, role_list
from cnpg_mcp.toolkit.text.plans import plan

Renderer = Callable[[Any], str]

RENDERERS: Mapping[type[Result], Renderer] = {
    ClusterList: cluster_list,
    ClusterStatus: cluster_status,
    ClusterCreation: cluster_creation,
    ClusterWrite: cluster_write,
    RoleList: role_list,
    RoleWrite: role_write,
    DatabaseList: database_list,
    DatabaseWrite: database_write,
}
"""How each kind of result reads as text."""

__all__ = [
    "RENDERERS",
    "Renderer",
    "cluster_creation",
    "cluster_list",
    "cluster_status",
    "database_list",
    "plan",
    "role_list",
]
