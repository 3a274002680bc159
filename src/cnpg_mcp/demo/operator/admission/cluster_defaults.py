"""What the mutating webhook of Cluster fills in."""

from copy import deepcopy
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.schema_nodes import Flag, Items, Node, Number, Object, Text
from cnpg_mcp.demo.notation import parsed_time, timestamp
from cnpg_mcp.demo.operator.admission.amounts import canonical
from cnpg_mcp.demo.operator.admission.images import DEFAULT
from cnpg_mcp.demo.operator.admission.parameters import DEFAULTS
from cnpg_mcp.demo.operator.admission.webhooks import unquantified
from cnpg_mcp.demo.operator.definitions.cluster import CLUSTER

_ISOLATION = {"enabled": True, "requestTimeout": 1000, "connectionTimeout": 1000}
_INITDB = {"encoding": "UTF8", "localeCollate": "C", "localeCType": "C"}


def mutated(obj: KubeObject) -> KubeObject:
    """The Cluster with everything that the operator wants to be written down."""
    done: KubeObject = _completed(deepcopy(obj), CLUSTER.node)
    spec = done["spec"]
    _image(spec)
    _bootstrap(spec)
    _postgresql(spec, done["metadata"]["name"])
    _slots(spec)
    _pods(spec)
    _storage(spec)
    _roles(spec)
    for service in _at(spec, "managed", "services").get("additional") or ():
        service["serviceTemplate"].setdefault("spec", {})
    return done


def is_replica(spec: dict[str, Any], name: str) -> bool:
    """Whether the cluster follows another one."""
    replica = spec.get("replica") or {}
    if "enabled" in replica:
        return bool(replica["enabled"])
    return bool(replica.get("primary")) and replica["primary"] != (replica.get("self") or name)


def _at(spec: dict[str, Any], *path: str) -> dict[str, Any]:
    """What is found there; an empty object for nothing."""
    for key in path:
        spec = spec.get(key) or {}
    return spec


def _completed(value: Any, node: Node) -> Any:  # noqa: ANN401 - any JSON
    """The value with required fields, empty: so the operator writes what it has read."""
    if isinstance(node, Object) and isinstance(value, dict):
        for name in node.required:
            value.setdefault(name, _empty(node.fields[name]))
    for key, inner, inner_node in node.parts(value):
        place = int(key.strip("[]")) if isinstance(node, Items) else key
        value[place] = _completed(inner, inner_node)
    return value


def _empty(node: Node) -> object:
    empties = {Text: "", Number: 0, Flag: False, Items: []}
    return deepcopy(empties.get(type(node), {}))


def _image(spec: dict[str, Any]) -> None:
    if not spec.get("imageName") and not spec.get("imageCatalogRef"):
        spec["imageName"] = DEFAULT


def _bootstrap(spec: dict[str, Any]) -> None:
    methods = spec.setdefault("bootstrap", {})
    if not methods:
        methods["initdb"] = {}
    for name, method in methods.items():
        method["database"] = method.get("database") or "app"
        method["owner"] = method.get("owner") or method["database"]
        if name == "initdb":
            method.update({key: method.get(key) or value for key, value in _INITDB.items()})


def _postgresql(spec: dict[str, Any], name: str) -> None:
    section = spec.setdefault("postgresql", {})
    given = section.get("parameters") or {}
    archiving = {"archive_mode": "always" if is_replica(spec, name) else "on"}
    section["parameters"] = {**DEFAULTS, **given, **archiving}
    section.setdefault("syncReplicaElectionConstraint", {"enabled": False})
    if "synchronous" in section:
        section["synchronous"].setdefault("dataDurability", "required")
        section["synchronous"].setdefault("failoverQuorum", False)


def _slots(spec: dict[str, Any]) -> None:
    slots = spec.setdefault("replicationSlots", {})
    slots.setdefault("highAvailability", {"enabled": True, "slotPrefix": "_cnpg_"})
    slots.setdefault("synchronizeReplicas", {"enabled": True})
    slots.setdefault("updateInterval", 30)


def _pods(spec: dict[str, Any]) -> None:
    affinity = spec.setdefault("affinity", {})
    if affinity.get("enablePodAntiAffinity", True) and not affinity.get("podAntiAffinityType"):
        affinity["podAntiAffinityType"] = "preferred"
    liveness = spec.setdefault("probes", {}).setdefault("liveness", {})
    check = liveness.setdefault("isolationCheck", {})
    liveness["isolationCheck"] = {**_ISOLATION, **check}
    monitoring = spec.setdefault("monitoring", {})
    for switch in ("disableDefaultQueries", "enablePodMonitor"):
        monitoring.setdefault(switch, False)
    resources = spec.setdefault("resources", {})
    for amounts in (resources.get("requests"), resources.get("limits")):
        for name, amount in (amounts or {}).items():
            amounts[name] = _quantity(amount)


def _quantity(amount: object) -> str:
    found = canonical(amount)
    if found is None:
        raise unquantified()
    return found


def _storage(spec: dict[str, Any]) -> None:
    spec.setdefault("storage", {})
    method = next(iter(spec["bootstrap"].values()))
    spaces = spec.get("tablespaces") or []
    for space in spaces:
        owner = space.setdefault("owner", {})
        owner["name"] = owner.get("name") or method["owner"]
    volumes = [spec["storage"], spec.get("walStorage"), *(one["storage"] for one in spaces)]
    for volume in volumes:
        if volume and "pvcTemplate" in volume:
            volume["pvcTemplate"].setdefault("resources", {})


def _roles(spec: dict[str, Any]) -> None:
    """Times are written in UTC, without fractions of a second."""
    for role in _at(spec, "managed").get("roles") or ():
        if "validUntil" in role:
            role["validUntil"] = _in_utc(role["validUntil"])


def _in_utc(time: str) -> str:
    """The time in UTC; as it is in the year 0, which is one to the API server."""
    known = parsed_time(time)
    return timestamp(known) if known else time
