"""Where a Cluster begins, what it follows, and where its backups go."""

from collections.abc import Iterator
from typing import Any

from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission.causes import forbidden, invalid, required

Spec = dict[str, Any]
_CREDENTIALS = ("azureCredentials", "s3Credentials", "googleCredentials")
_WAYS = ("connectionParameters", "plugin", "barmanObjectStore")


def bootstrap(spec: Spec) -> Iterator[Cause]:
    """What is wrong with the way a cluster begins."""
    methods = spec["bootstrap"]
    if len(methods) > 1:
        why = "Only one bootstrap method can be specified at a time"
        yield forbidden("spec.bootstrap", why)
    segment = (methods.get("initdb") or {}).get("walSegmentSize")
    if segment is not None and segment & (segment - 1):
        why = "WAL segment size must be a power of 2"
        yield invalid("spec.bootstrap.initdb.walSegmentSize", segment, why)
    known = {each["name"] for each in spec.get("externalClusters") or ()}
    for method in ("recovery", "pg_basebackup"):
        source = (methods.get(method) or {}).get("source")
        if source and source not in known:
            yield from _unknown_source(method, source)


def _unknown_source(method: str, source: str) -> Iterator[Cause]:
    path = f"spec.bootstrap.{method}.source"
    yield invalid(path, source, f"External cluster {source} not found")
    if method == "recovery":
        why = (
            f"External cluster {source} cannot be used for recovery: missing connection"
            " parameters, Barman, or CNPG-i configuration"
        )
        yield invalid(path, source, why)


def sources(spec: Spec) -> Iterator[Cause]:
    """What is wrong with other clusters and with the object store."""
    externals = spec.get("externalClusters") or []
    for at, each in enumerate(externals):
        if not any(each.get(way) for way in _WAYS):
            why = "one of connectionParameters, plugin and barmanObjectStore is required"
            yield required(f"spec.externalClusters[{at}]", why)
    names = [each["name"] for each in externals]
    if len(set(names)) < len(names):
        shown = [_in_order(each) for each in externals]
        why = "the list of external clusters contains duplicate values"
        yield invalid("spec.externalClusters", shown, why)
    yield from _replica(spec, names)
    store = (spec.get("backup") or {}).get("barmanObjectStore")
    if store and sum(bool(store.get(name)) for name in _CREDENTIALS) != 1:
        why = (
            "missing credentials. One and only one of azureCredentials, s3Credentials and"
            " googleCredentials are required"
        )
        yield invalid("spec.backup.barmanObjectStore", store, why)


def _replica(spec: Spec, names: list[str]) -> Iterator[Cause]:
    replica = spec.get("replica")
    if not replica:
        return
    follows = replica.get("enabled") or "primary" in replica
    if follows and not spec["bootstrap"].keys() & {"recovery", "pg_basebackup"}:
        why = "replica mode bootstrap is compatible only with pg_basebackup or recovery"
        yield invalid("spec.replicaCluster", replica.get("primary", ""), why)
    places = {"source": "primaryServerName", "primary": "primary"}
    for key, place in places.items():
        if key in replica and replica[key] not in names:
            why = f"External cluster {replica[key]} not found"
            yield invalid(f"spec.replicaCluster.{place}", replica[key], why)


def _in_order(external: Spec) -> Spec:
    order = ("name", "connectionParameters", "plugin")
    return {name: external[name] for name in order if name in external}
