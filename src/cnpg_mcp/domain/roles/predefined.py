"""The roles that PostgreSQL brings along.

Source: "Predefined Roles" in the documentation of each major version.
"""

from collections.abc import Mapping

from cnpg_mcp.domain.views.cluster import Cluster

_SINCE: Mapping[str, int] = {
    "pg_signal_backend": 10,
    "pg_monitor": 10,
    "pg_read_all_settings": 10,
    "pg_read_all_stats": 10,
    "pg_stat_scan_tables": 10,
    "pg_read_server_files": 11,
    "pg_write_server_files": 11,
    "pg_execute_server_program": 11,
    "pg_database_owner": 14,
    "pg_read_all_data": 14,
    "pg_write_all_data": 14,
    "pg_checkpoint": 15,
    "pg_create_subscription": 16,
    "pg_use_reserved_connections": 16,
    "pg_maintain": 17,
    "pg_signal_autovacuum_worker": 18,
}
"""The first major version that has it, of those that CloudNativePG ever ran (10 and later)."""


def told_of(name: str, cluster: Cluster) -> str:
    """What is known of a role whose name begins with `pg_`; the version may not be known yet."""
    since, major = _SINCE.get(name), cluster.status.pg_data_image_info.major_version
    if since is None:
        return "the name begins with pg_, which PostgreSQL keeps for itself; it may not exist"
    if major is not None and major < since:
        return f"PostgreSQL has it from version {since} on, and this cluster runs {major}"
    return "a predefined role of PostgreSQL"
