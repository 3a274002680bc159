"""What stands around the instances: Services, budgets, rights, the Lease, the metrics' queries."""

from cnpg_mcp.demo.kinds import BY_KIND, CNPG_GROUP, KubeObject
from cnpg_mcp.demo.operator import credentials
from cnpg_mcp.demo.operator.labels import MANAGED_BY, body, labels
from cnpg_mcp.demo.operator.scene import CLUSTER_LABEL, Scene
from cnpg_mcp.demo.operator.world import World

POSTGRES_PORT = 5432
ROLE = "cnpg.io/instanceRole"
MONITORING = "cnpg-default-monitoring"
INSTANCES_FOR_REPLICA_BUDGET = 3
_EVENTS = {
    "PodDisruptionBudget": ("CreatingPodDisruptionBudget", "Creating PodDisruptionBudget {}"),
    "ServiceAccount": ("CreatingServiceAccount", "Creating ServiceAccount"),
    "Role": ("CreatingRole", "Creating Cluster Role"),
}
_READ, _CHANGE = ["get", "list", "watch"], ["get", "patch", "update"]


async def ensure(world: World, scene: Scene, image: str) -> None:
    """Makes what is missing, and keeps budgets and rights as they should be."""
    known = {each["metadata"]["name"] for each in world.store.all("secrets", scene.namespace)}
    for made in credentials.missing(scene, known):
        await world.create(made)
    for wanted in _wanted(world, scene, image):
        kind = wanted["kind"]
        where = BY_KIND[kind].plural, scene.namespace, wanted["metadata"]["name"]
        found = world.store.get(*where)
        if found is None:
            await _create(world, scene, wanted)
        elif kind == "Role" and found["rules"] != wanted["rules"]:
            await world.patch("roles", found, {"rules": wanted["rules"]})
            await world.tell(scene.cluster, "UpdatingRole", "Updating Cluster Role")
    await _drop_budgets(world, scene)


async def _create(world: World, scene: Scene, wanted: KubeObject) -> None:
    if wanted["kind"] in _EVENTS:
        reason, message = _EVENTS[wanted["kind"]]
        name = wanted["metadata"]["name"]
        await world.tell(scene.cluster, reason, message.format(name))
    await world.create(wanted)


def _wanted(world: World, scene: Scene, image: str) -> list[KubeObject]:
    cluster, labelled = scene.cluster, labels(scene.cluster, image)
    plain = {**MANAGED_BY, CLUSTER_LABEL: scene.name}
    account = body("v1", "ServiceAccount", cluster, scene.name, plain)
    account["metadata"]["annotations"]["cnpg.io/managedSecrets"] = "[]"
    lease = body(
        "coordination.k8s.io/v1", "Lease", cluster, scene.name, {CLUSTER_LABEL: scene.name}
    )
    return [
        *_services(scene, labelled),
        *_budgets(scene, labelled),
        account,
        _role(world, scene, plain),
        _binding(scene, plain),
        {**lease, "spec": {}},
        *_monitoring(scene),
    ]


# --- Services ---


def _services(scene: Scene, labelled: dict[str, str]) -> list[KubeObject]:
    services = (scene.spec.get("managed") or {}).get("services") or {}
    off = services.get("disabledDefaultServices") or []
    selectors = {
        "rw": {ROLE: "primary"},
        "ro": {ROLE: "replica"},
        "r": {"cnpg.io/podRole": "instance"},
    }
    return [
        _service(scene, kind, selector, labelled)
        for kind, selector in selectors.items()
        if kind not in off
    ]


def _service(
    scene: Scene, kind: str, selector: dict[str, str], labelled: dict[str, str]
) -> KubeObject:
    port = {"name": "postgres", "protocol": "TCP", "port": POSTGRES_PORT}
    spec = {
        "type": "ClusterIP",
        "ports": [{**port, "targetPort": POSTGRES_PORT}],
        "selector": {CLUSTER_LABEL: scene.name, **selector},
    }
    made = body("v1", "Service", scene.cluster, f"{scene.name}-{kind}", labelled)
    return {**made, "spec": spec}


# --- budgets ---


def _budgets(scene: Scene, labelled: dict[str, str]) -> list[KubeObject]:
    roles = {f"{scene.name}-primary": "primary", scene.name: "replica"}
    names = _budget_names(scene)
    return [
        {
            **body("policy/v1", "PodDisruptionBudget", scene.cluster, name, labelled),
            "spec": {
                "minAvailable": 1,
                "selector": {"matchLabels": {CLUSTER_LABEL: scene.name, ROLE: role}},
            },
        }
        for name, role in roles.items()
        if name in names
    ]


def _budget_names(scene: Scene) -> set[str]:
    if scene.spec.get("enablePDB") is False:
        return set()
    several = scene.spec["instances"] >= INSTANCES_FOR_REPLICA_BUDGET
    return {f"{scene.name}-primary", *([scene.name] if several else [])}


async def _drop_budgets(world: World, scene: Scene) -> None:
    for name in {scene.name, f"{scene.name}-primary"} - _budget_names(scene):
        found = world.store.get("poddisruptionbudgets", scene.namespace, name)
        if found:
            message = f"Deleting Pod Disruption Budget {name}"
            await world.tell(scene.cluster, "DeletingPodDisruptionBudget", message)
            await world.remove("poddisruptionbudgets", found)


# --- rights of the instances ---


def _role(world: World, scene: Scene, plain: dict[str, str]) -> KubeObject:
    made = body("rbac.authorization.k8s.io/v1", "Role", scene.cluster, scene.name, plain)
    own = [scene.name]
    kinds = ("databases", "publications", "subscriptions", "databaseroles")
    return {
        **made,
        "rules": [
            _rule("", "configmaps", ["get", "watch"], own),
            _rule("", "secrets", ["get", "watch"], _readable(world, scene)),
            _rule(CNPG_GROUP, "clusters", _READ, own),
            _rule(CNPG_GROUP, "clusters/status", [*_CHANGE, "watch"], own),
            _rule(CNPG_GROUP, "backups", ["list", "get", "delete"]),
            _rule(CNPG_GROUP, "backups/status", _CHANGE),
            _rule("", "events", ["create", "patch"]),
            *(_rule(CNPG_GROUP, kind, [*_READ, "update"]) for kind in kinds),
            *(_rule(CNPG_GROUP, f"{kind}/status", _CHANGE) for kind in kinds),
            _rule("coordination.k8s.io", "leases", ["get", "update"], own),
        ],
    }


def _rule(
    group: str, resource: str, verbs: list[str], names: list[str] | None = None
) -> KubeObject:
    found = {"apiGroups": [group], "resources": [resource], "verbs": verbs}
    return {**found, "resourceNames": names} if names else found


def _readable(world: World, scene: Scene) -> list[str]:
    """The Secrets that the instances may read: also those of inline roles and of DatabaseRoles."""
    own = [f"{scene.name}-{kind}" for kind in ("app", "ca", "replication", "server", "superuser")]
    inline = (scene.spec.get("managed") or {}).get("roles") or []
    declared = [
        each["spec"]
        for each in _declared(world, scene.namespace)
        if each["spec"]["cluster"]["name"] == scene.name
    ]
    initdb = (scene.spec.get("bootstrap") or {}).get("initdb") or {}
    references = [each.get("passwordSecret") for each in (*inline, *declared)]
    references += [initdb.get("secret"), scene.spec.get("superuserSecret")]
    return sorted({*own, *(each["name"] for each in references if each)})


def _declared(world: World, namespace: str) -> list[KubeObject]:
    known = "databaseroles" in world.store.plurals
    return world.store.all("databaseroles", namespace) if known else []


def _binding(scene: Scene, plain: dict[str, str]) -> KubeObject:
    group = "rbac.authorization.k8s.io"
    made = body(f"{group}/v1", "RoleBinding", scene.cluster, scene.name, plain)
    subject = {"kind": "ServiceAccount", "name": scene.name, "namespace": scene.namespace}
    reference = {"apiGroup": group, "kind": "Role", "name": scene.name}
    return {**made, "roleRef": reference, "subjects": [subject]}


# --- metrics ---


def _monitoring(scene: Scene) -> list[KubeObject]:
    if (scene.spec.get("monitoring") or {}).get("disableDefaultQueries"):
        return []
    made = body("v1", "ConfigMap", scene.cluster, MONITORING, {"cnpg.io/reload": ""})
    return [{**made, "data": {"queries": "{}\n"}}]
