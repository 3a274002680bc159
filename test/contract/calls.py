"""One plain call of every tool."""

from typing import Any

_CLERK: dict[str, Any] = {"cluster_name": "pg", "role_name": "clerk"}
_SHOP: dict[str, Any] = {"cluster_name": "pg", "database_name": "shop", "dry_run": True}

CALLS: dict[str, dict[str, Any]] = {
    "list_postgres_clusters": {},
    "get_cluster_status": {"name": "pg"},
    "create_postgres_cluster": {"name": "orders", "dry_run": True},
    "scale_postgres_cluster": {"name": "pg", "instances": 4, "dry_run": True},
    "delete_postgres_cluster": {"name": "pg", "dry_run": True},
    "list_postgres_roles": {"cluster_name": "pg"},
    "create_postgres_role": {"cluster_name": "pg", "role_name": "new", "dry_run": True},
    "update_postgres_role": {**_CLERK, "createdb": True, "dry_run": True},
    "delete_postgres_role": {**_CLERK, "dry_run": True},
    "list_postgres_databases": {"cluster_name": "pg"},
    "create_postgres_database": {**_SHOP, "database_name": "new", "owner": "app"},
    "delete_postgres_database": _SHOP,
}
"""Arguments by tool; they answer where a cluster `pg` with a declared role `clerk` and a declared
database `shop` is in the default namespace, and change nothing."""

READING = frozenset(name for name in CALLS if name.startswith(("list_", "get_")))
"""The tools that only look."""
