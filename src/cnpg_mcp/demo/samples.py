"""The clusters that are there when the demo starts, and come up before whoever looks."""

from cnpg_mcp.demo.client import ApiClient
from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from cnpg_mcp.demo.operator.definitions.barman import OBJECT_STORES, PLUGIN

NAMESPACE = "shop"
OTHER_NAMESPACE = "analytics"
RESTLESS = "telemetry"
"""The cluster of the other namespace in which things go wrong by themselves."""
STORE = "backups"


async def make(api: ApiClient) -> None:
    """Creates namespaces and objects; operator and node do the rest."""
    for name in (NAMESPACE, OTHER_NAMESPACE):
        await api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        store = _store(name)
        await api.request("POST", OBJECT_STORES.kind.path(name), store)
    for body in (*_shop(), *_analytics()):
        await api.create(body)


def _shop() -> tuple[KubeObject, ...]:
    """One cluster as it should be, with roles, a database and backups, and a small one."""
    orders = {
        "instances": 3,
        "storage": {"size": "20Gi"},
        "bootstrap": {"initdb": {"database": "orders", "owner": "orders"}},
        "postgresql": {"parameters": {"max_connections": "200"}},
        "managed": {"roles": [{"name": "migrations", "login": True, "createdb": True}]},
        "plugins": [
            {"name": PLUGIN, "isWALArchiver": True, "parameters": {"barmanObjectName": STORE}}
        ],
    }
    daily = {
        "schedule": "0 0 2 * * *",
        "immediate": True,
        "method": "plugin",
        "pluginConfiguration": {"name": PLUGIN},
    }
    reporting = {"name": "reporting", "login": True, "inRoles": ["pg_read_all_data"]}
    invoices = {"name": "invoices", "owner": "orders", "extensions": [{"name": "pg_trgm"}]}
    small = {"instances": 1, "storage": {"size": "5Gi"}}
    return (
        _object("Cluster", NAMESPACE, "orders", orders),
        _object("Cluster", NAMESPACE, "sessions", small),
        _of("orders", "ScheduledBackup", NAMESPACE, "orders-daily", daily),
        _of("orders", "DatabaseRole", NAMESPACE, "orders-reporting", reporting),
        _of("orders", "Database", NAMESPACE, "orders-invoices", invoices),
    )


def _analytics() -> tuple[KubeObject, ...]:
    """A restless cluster, and one whose volumes never come: its storage class does not exist."""
    restless = {"instances": 3, "storage": {"size": "50Gi"}}
    stuck = {"instances": 2, "storage": {"size": "500Gi", "storageClass": "fast-ssd"}}
    facts = {"name": "facts", "owner": "loader"}
    return (
        _object("Cluster", OTHER_NAMESPACE, RESTLESS, restless),
        _of(RESTLESS, "Database", OTHER_NAMESPACE, "telemetry-facts", facts),
        _object("Cluster", OTHER_NAMESPACE, "warehouse", stuck),
    )


def _store(namespace: str) -> KubeObject:
    configuration = {"destinationPath": "s3://backups/", "wal": {"compression": "gzip"}}
    kind = OBJECT_STORES.kind
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": STORE, "namespace": namespace},
        "spec": {"configuration": configuration},
    }


def _of(cluster: str, kind: str, namespace: str, name: str, spec: KubeObject) -> KubeObject:
    return _object(kind, namespace, name, {"cluster": {"name": cluster}, **spec})


def _object(kind: str, namespace: str, name: str, spec: KubeObject) -> KubeObject:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": BY_KIND[kind].api_version, "kind": kind, "metadata": meta, "spec": spec}
