"""One plain call of every tool."""

from typing import Any

CALLS: dict[str, dict[str, Any]] = {
    "list_postgres_clusters": {},
    "get_cluster_status": {"name": "pg"},
    "create_postgres_cluster": {"name": "orders", "dry_run": True},
    "list_postgres_roles": {"cluster_name": "pg"},
    "list_postgres_databases": {"cluster_name": "pg"},
}
"""Arguments by tool; they answer where a cluster `pg` is in the default namespace."""
