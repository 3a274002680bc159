"""What the validating webhook of Cluster refuses, whether it is new or changed."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission import cluster_sources, images, parameters
from cnpg_mcp.demo.operator.admission.amounts import amount
from cnpg_mcp.demo.operator.admission.causes import forbidden, invalid
from cnpg_mcp.demo.operator.admission.cluster_defaults import is_replica

Spec = dict[str, Any]
_HIBERNATION = "cnpg.io/hibernation"
_LONGEST_NAME = 50
_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_FEW = ("postgres", "streaming_replica")
_ASKED = {"cpu": ("cpu", "CPU"), "memory": ("memory", "Memory")} | {
    "ephemeral-storage": ("storage", "Ephemeral storage")
}


def faults(obj: KubeObject) -> Iterator[Cause]:
    """What is wrong with a Cluster."""
    meta, spec = obj["metadata"], obj["spec"]
    replica = is_replica(spec, meta["name"])
    return chain(
        _name(meta["name"]),
        _hibernation(meta.get("annotations") or {}),
        images.faults(spec["imageName"]) if spec.get("imageName") else (),
        cluster_sources.bootstrap(spec),
        cluster_sources.sources(spec),
        _sizes(spec),
        _legacy_synchronous(spec),
        _synchronous(spec),
        parameters.faults(spec, replica=replica),
        parameters.memory(spec),
        _resources(spec["resources"]),
        _roles((spec.get("managed") or {}).get("roles") or ()),
        _services(spec, meta["name"]),
        _plugins(spec),
        _pods(spec),
        _certificates(spec.get("certificates") or {}),
    )


def _name(name: str) -> Iterator[Cause]:
    if not _LABEL.fullmatch(name):
        yield invalid("metadata.name", name, "cluster name must be a valid DNS label")
    if len(name) > _LONGEST_NAME:
        why = f"the maximum length of a cluster name is {_LONGEST_NAME} characters"
        yield invalid("metadata.name", name, why)


def _hibernation(annotations: dict[str, str]) -> Iterator[Cause]:
    asked = annotations.get(_HIBERNATION, "off")
    if asked not in ("on", "off"):
        why = 'Annotation value for hibernation should be "on" or "off"'
        yield invalid(f"metadata.annotations.{_HIBERNATION}", asked, why)


# --- volumes ---


def _sizes(spec: Spec) -> Iterator[Cause]:
    yield from _size(spec["storage"], "spec.storage")
    if "walStorage" in spec:
        yield from _size(spec["walStorage"], "spec.walStorage")
    seen: set[str] = set()
    for at, space in enumerate(spec.get("tablespaces") or ()):
        path = f"spec.tablespaces[{at}]"
        yield from _size(space["storage"], path)
        if space["name"].startswith("pg_"):
            why = "tablespace names beginning 'pg_' are reserved for Postgres"
            yield invalid(path, space["name"], why)
        if space["name"].lower() in seen:
            yield invalid(path, space["name"], "duplicate tablespace name")
        seen.add(space["name"].lower())


def _size(storage: Spec, path: str) -> Iterator[Cause]:
    wanted = storage.get("size", "")
    template = (storage.get("pvcTemplate") or {}).get("resources") or {}
    if not wanted and not (template.get("requests") or {}).get("storage"):
        why = "Size not configured. Please add it, or a storage request in the pvcTemplate."
        yield invalid(f"{path}.size", "", why)
    elif wanted and amount(wanted) is None:
        yield invalid(f"{path}.size", wanted, "Size value isn't valid")


# --- synchronous replication ---


def _legacy_synchronous(spec: Spec) -> Iterator[Cause]:
    fewest, most = spec["minSyncReplicas"], spec["maxSyncReplicas"]
    if fewest > most:
        why = "minSyncReplicas cannot be greater than maxSyncReplicas"
        yield invalid("spec.minSyncReplicas", fewest, why)
    if most >= spec["instances"]:
        why = "maxSyncReplicas must be lower than the number of instances"
        yield invalid("spec.maxSyncReplicas", most, why)


def _synchronous(spec: Spec) -> Iterator[Cause]:
    section = spec["postgresql"].get("synchronous")
    if section is None:
        return
    path, shown = "spec.postgresql.synchronous", _in_order(section)
    names = "standbyNamesPre", "standbyNamesPost"
    others = sum(len(section.get(name) or ()) for name in names)
    if spec["minSyncReplicas"] or spec["maxSyncReplicas"]:
        why = "Can't have both legacy synchronous replica configuration and new one"
        yield invalid(path, shown, why)
    if section["number"] >= spec["instances"] + others:
        why = (
            "Invalid synchronous configuration: the number of synchronous replicas must be less"
            " than the total number of instances and the provided standby names."
        )
        yield invalid(path, shown, why)
    if section.get("failoverQuorum") and section["number"] <= others:
        why = (
            f"Invalid failoverQuorum configuration: {path}.number must be greater than the total"
            f" number of instances in {path}.standbyNamesPre and {path}.standbyNamesPost to allow"
            " automatic failover."
        )
        yield invalid(path, shown, why)


def _in_order(section: Spec) -> Spec:
    order = (
        "method number maxStandbyNamesFromCluster standbyNamesPre standbyNamesPost"
        " dataDurability failoverQuorum"
    )
    return {name: section[name] for name in order.split() if name in section}


# --- what runs ---


def _resources(resources: Spec) -> Iterator[Cause]:
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    for key, (field, word) in _ASKED.items():
        asked, limit = amount(requests.get(key)), amount(limits.get(key))
        if asked is not None and limit is not None and asked > limit:
            why = f"{word} request is greater than the limit"
            yield invalid(f"spec.resources.requests.{field}", requests[key], why)
    huge = [key for key in {**requests, **limits} if key.startswith("hugepages-")]
    for key in huge:
        if key in requests and amount(requests[key]) != amount(limits.get(key)):
            why = "HugePages requests must equal the limits"
            yield invalid(f"spec.resources.requests.{key}", requests[key], why)
    if huge and not {"cpu", "memory"} & {**requests, **limits}.keys():
        yield forbidden("spec.resources", "HugePages require cpu or memory")


def _roles(roles: Sequence[Spec]) -> Iterator[Cause]:
    path, seen = "spec.managed.roles", set[str]()
    for role in roles:
        name = role["name"]
        if name in seen:
            yield invalid(path, name, "Role name is duplicate of another")
        seen.add(name)
        if role["connectionLimit"] < -1:
            why = "Connection limit should be positive, unless defaulting to -1"
            yield invalid(path, role["connectionLimit"], why)
        if name in _FEW or name.startswith(("pg_", "cnpg_")):
            yield invalid(path, name, "This role is reserved for operator use")
        if role.get("disablePassword") and role.get("passwordSecret"):
            yield invalid(path, name, "This role both sets and disables a password")


def _services(spec: Spec, cluster: str) -> Iterator[Cause]:
    managed = (spec.get("managed") or {}).get("services") or {}
    path = "spec.managed.services"
    if "rw" in (managed.get("disabledDefaultServices") or ()):
        why = "service of type RW cannot be disabled."
        yield invalid(f"{path}.disabledDefaultServices", "rw", why)
    templates = [each["serviceTemplate"] for each in managed.get("additional") or ()]
    names = [(each.get("metadata") or {}).get("name", "") for each in templates]
    for at, (name, template) in enumerate(zip(names, templates, strict=True)):
        yield from _service(f"{path}.additional[{at}]", name, template, cluster)
    if len(set(names)) < len(names):
        why = "contains services with the same .metadata.name"
        yield invalid(f"{path}.additional", names, why)


def _service(path: str, name: str, template: Spec, cluster: str) -> Iterator[Cause]:
    if not name:
        yield invalid(path, "", "name is required")
    elif name in {f"{cluster}-{kind}" for kind in ("rw", "ro", "r", "any")}:
        yield invalid(path, name, f"the service name: '{name}' is reserved for operator use")
    if selector := template["spec"].get("selector"):
        yield invalid(path, selector, "selector field is managed by the operator")


def _plugins(spec: Spec) -> Iterator[Cause]:
    archivers = [
        plugin["name"]
        for plugin in spec.get("plugins") or ()
        if plugin["enabled"] and plugin["isWALArchiver"]
    ]
    if archivers and (spec.get("backup") or {}).get("barmanObjectStore"):
        why = "Cannot enable a WAL archiver plugin when barmanObjectStore is configured"
        yield invalid("spec.plugins", archivers, why)
    if len(archivers) > 1:
        why = "Cannot enable more than one WAL archiver plugin"
        yield invalid("spec.plugins", archivers, why)


def _pods(spec: Spec) -> Iterator[Cause]:
    strategy = spec["primaryUpdateStrategy"]
    if strategy == "supervised" and spec["instances"] == 1:
        why = "supervised update strategy is not allowed for clusters with a single instance"
        yield invalid("spec.primaryUpdateStrategy", strategy, why)
    kind = spec["affinity"].get("podAntiAffinityType", "")
    if kind not in ("", "preferred", "required"):
        why = "pod anti-affinity type must be 'preferred' (default if empty) or 'required'"
        yield invalid("spec.affinity.podAntiAffinityType", kind, why)
    for at, variable in enumerate(spec.get("env") or ()):
        name = variable.get("name", "")
        if name == "PGDATA" or name.startswith("CNPG_"):
            why = "the usage of this environment variable is reserved for the operator"
            yield invalid(f"spec.postgresql.env[{at}].name", name, why)
    account = spec.get("serviceAccountName")
    if account and spec.get("serviceAccountTemplate"):
        why = "serviceAccountName and serviceAccountTemplate are mutually exclusive"
        yield invalid("spec.serviceAccountName", account, why)


def _certificates(certificates: Spec) -> Iterator[Cause]:
    if certificates.get("serverTLSSecret") and not certificates.get("serverCASecret"):
        why = "Server CA secret can't be empty when server TLS secret is provided"
        yield invalid("spec.certificates.servercasecret", "", why)
    if certificates.get("replicationTLSSecret") and not certificates.get("clientCASecret"):
        why = "Client CA secret can't be empty when client replication secret is provided"
        yield invalid("spec.certificates.clientcasecret", "", why)
