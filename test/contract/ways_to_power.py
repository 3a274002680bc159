"""The ways in which a caller could try to gain power or run code by an argument."""

from typing import Any

ALLOWED_IMAGES = ("registry.example/team", "mirror.example")
DIGEST = "@sha256:" + "a" * 64
Arguments = dict[str, Any]

IMAGES = (
    "other.example/postgresql:17.5",
    f"other.example/postgresql:17.5{DIGEST}",
    "registry.example/postgresql:17.5",
    "registry.example/team-of-somebody-else:17.5",
    "registry.example/teammate/postgresql:17.5",
    "registry.example.evil/team/postgresql:17.5",
    "evil/registry.example/team/postgresql:17.5",
    "registry.example/team/../evil/postgresql:17.5",
    "registry.example/team//evil:17.5",
    "registry.example:5000/team/postgresql:17.5",
    "mirror.example:5000/postgresql:17.5",
    "mirror.example.evil/postgresql:17.5",
    "REGISTRY.example/team/postgresql:17.5",
    "registry.example/TEAM/postgresql:17.5",
    f"registry.example/team/postgresql{DIGEST}",
    "registry.example/team/postgresql:17.5@sha256:abc",
    "registry.example/team/postgresql:17.5@md5:" + "a" * 32,
    "registry.example/team/postgresql",
    "registry.example/team/postgresql:latest",
    "registry.example/team/postgresql:17.5\nother.example/evil:17.5",
    " registry.example/team/postgresql:17.5",
    "registry.example/team/postgresql:17.5 ",
    "https://registry.example/team/postgresql:17.5",
    "-registry.example/team/postgresql:17.5",
)
ALLOWED = (
    "registry.example/team/postgresql:17.5",
    f"registry.example/team:17.5{DIGEST}",
    "mirror.example/postgresql:17.5",
)

LOADING = (
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "dynamic_library_path",
    "extension_control_path",
    "jit_provider",
    "lo_compat_privileges",
    "local_preload_libraries",
    "oauth_validator_libraries",
    "recovery_end_command",
    "restore_command",
    "search_path",
    "session_preload_libraries",
    "session_replication_role",
    "shared_preload_libraries",
    "ssl_passphrase_command",
)
LOCATING = (
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "ident_file",
    "include",
    "include_dir",
    "include_if_exists",
    "listen_addresses",
    "log_destination",
    "log_directory",
    "log_file_mode",
    "log_filename",
    "primary_conninfo",
    "ssl_ca_file",
    "ssl_cert_file",
    "ssl_key_file",
    "stats_temp_directory",
    "unix_socket_directories",
)
"""Paths and files that the operator itself does not let anybody set."""
OF_EXTENSIONS = (
    "auto_explain.log_min_duration",
    "pg_stat_statements.max",
    "pgaudit.log",
    "pljava.libjvm_location",
    "plperl.on_init",
    "plpython3.anything",
    "plv8.start_proc",
    "session_preload_libraries.x",
)
_ODD_NAMES = (
    "Session_Preload_Libraries",
    "ARCHIVE_COMMAND",
    " session_preload_libraries",
    "session_preload_libraries ",
    "session_preload_libraries\n",
    "\tarchive_command",
    "archive_command = 'x' #",
    "work_mem = '4MB'\narchive_command",
    "session_preload_libraries\u00a0",
    "\u017fession_preload_libraries",
    "session_preload_librar\u0131es",
    "'archive_command'",
    '"archive_command"',
)
PARAMETERS: tuple[dict[str, str], ...] = (
    *({name: "anything"} for name in (*LOADING, *LOCATING, *OF_EXTENSIONS, *_ODD_NAMES)),
    {"work_mem": "4MB\narchive_command = 'x'"},
    {"work_mem": "4MB\r\narchive_command = 'x'"},
    {"work_mem": "4MB\x00archive_command = 'x'"},
    {"work_mem": "4MB", "Work_Mem": "8MB"},
)

EXTENSIONS = (
    "dblink",
    "file_fdw",
    "adminpack",
    "plpython3u",
    "plperlu",
    "DBLINK",
    "HSTORE",
    "Pg_Trgm",
    '"dblink"',
    '"hstore"',
    "'hstore'",
    " hstore",
    "hstore ",
    "hstore\n",
    "hstore\ndblink",
    "hstore, dblink",
    "hstore; CREATE EXTENSION dblink",
    "hstore WITH SCHEMA pg_catalog",
    "hstore--1.0",
    "../dblink",
    "h\u017ftore",
    "",
)

LABELS = (
    "cnpg.io/reload",
    "sub.cnpg.io/x",
    "a.b.cnpg.io/x",
    "postgresql.cnpg.io/x",
    "cnpg-mcp.io/created-by",
    "sub.cnpg-mcp.io/x",
    "kubernetes.io/hostname",
    "app.kubernetes.io/managed-by",
    "node.kubernetes.io/x",
    "k8s.io/x",
    "pod-security.k8s.io/enforce",
    "argocd.argoproj.io/instance",
    "kustomize.toolkit.fluxcd.io/name",
    "helm.sh/chart",
    "velero.io/exclude-from-backup",
    "CNPG.IO/reload",
    "cnpg.io//reload",
    "/cnpg.io",
    "cnpg.io/a/b",
    "cnpg.io /x",
    " cnpg.io/x",
    "cnpg.io\n/x",
    "cnpg.io./x",
)

IN_ROLES = (
    ["pg_monitor"],
    ["pg_signal_backend"],
    ["pg_execute_server_program"],
    ["pg_read_server_files"],
    ["pg_of_somebody"],
    ["PG_MONITOR"],
    ["postgres"],
    ["streaming_replica"],
    ["cnpg_pooler_pgbouncer"],
    ["app"],
    ["not_there"],
    ["boss"],
    ["Boss"],
    ["below_boss"],
    ["chief"],
    ["below_object"],
    ["below-inline"],
    ["loop"],
    ["twice"],
    ["unreported"],
    ["leaving"],
    ["plain", "boss"],
    ["below_plain "],
    [" boss"],
    ["boss\n"],
    ["boss\x00"],
    ['"boss"'],
    ["boss, plain"],
    ["b" * 64],
    [""],
)
PLAIN = (["plain"], ["below_plain"], ["below-fine"])

CLUSTER, ROLE = {"name": "orders"}, {"cluster_name": "pg", "wait_seconds": 0}
NEWCOMER, CLERK = {**ROLE, "role_name": "newcomer"}, {**ROLE, "role_name": "clerk"}
TELLER, SHOP = {**ROLE, "role_name": "teller"}, {**ROLE, "database_name": "new", "owner": "app"}

WAYS: dict[str, list[tuple[str, Arguments]]] = {
    "image": [("create_postgres_cluster", {**CLUSTER, "image": each}) for each in IMAGES]
    + [
        ("create_postgres_cluster", {**CLUSTER, "image": each, "postgres_version": "17"})
        for each in (*IMAGES, *ALLOWED)
    ],
    "extensions": [
        ("create_postgres_database", {**SHOP, "extensions": ["citext", each]})
        for each in EXTENSIONS
    ],
    "labels": [
        ("create_postgres_cluster", {**CLUSTER, "labels": {"team": "a", each: "x"}})
        for each in LABELS
    ],
    "in_roles-new": [("create_postgres_role", {**NEWCOMER, "in_roles": each}) for each in IN_ROLES],
    "in_roles-object": [("update_postgres_role", {**CLERK, "in_roles": each}) for each in IN_ROLES],
    "in_roles-inline": [
        ("update_postgres_role", {**TELLER, "in_roles": dict.fromkeys(each, True)})
        for each in IN_ROLES
    ],
}
"""By argument: calls none of which may pass without an administrator's code."""
