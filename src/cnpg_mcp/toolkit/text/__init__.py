"""Results as text: complete and compact, since many clients show a model nothing else."""

from cnpg_mcp.toolkit.text.clusters import cluster_status, cluster_write
from cnpg_mcp.toolkit.text.lists import cluster_list, database_list, role_list

__all__ = ["cluster_list", "cluster_status", "cluster_write", "database_list", "role_list"]
