"""The volumes, jobs and pods of instances, as the operator makes them."""

import hashlib
import json

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.node.settings import STARTED_WITH, fingerprint
from cnpg_mcp.demo.operator.labels import ANNOTATIONS, OPERATOR_IMAGE, body, labels
from cnpg_mcp.demo.operator.scene import CLAIM_ROLE, CLAIM_STATUS, DATA, SERIAL, WAL, Scene
from cnpg_mcp.demo.world.instances import serial

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
SPEC_HASH = "nodesim/spec-hash"
USER_ID = 26
_PORTS = {"postgresql": 5432, "metrics": 9187, "status": 8000}
_PROBES = {"livenessProbe": "healthz", "readinessProbe": "readyz", "startupProbe": "startupz"}
_COMMON = ("app.kubernetes.io/component", "app.kubernetes.io/managed-by", "app.kubernetes.io/name")


def claims(scene: Scene, name: str, *, state: str) -> list[KubeObject]:
    """The volume claims of an instance, of which every one is in this state."""
    found = {DATA: scene.spec.get("storage") or {}, WAL: scene.spec.get("walStorage")}
    made = [_claim(scene, name, role, storage) for role, storage in found.items() if storage]
    for claim in made:
        claim["metadata"]["annotations"][CLAIM_STATUS] = state
    return made


def _claim(scene: Scene, name: str, role: str, storage: KubeObject) -> KubeObject:
    common = {key: value for key, value in labels(scene.cluster).items() if key in _COMMON}
    own = {"cnpg.io/cluster": scene.name, "cnpg.io/instanceName": name, CLAIM_ROLE: role}
    called = f"{name}-wal" if role == WAL else name
    made = body("v1", "PersistentVolumeClaim", scene.cluster, called, {**common, **own})
    made["metadata"]["annotations"][SERIAL] = str(serial(name))
    template = storage.get("pvcTemplate") or {}
    spec = {"accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem", **template}
    if storage.get("size"):
        spec["resources"] = {"requests": {"storage": storage["size"]}}
    if storage.get("storageClass"):
        spec["storageClassName"] = storage["storageClass"]
    return {**made, "spec": spec}


def job(scene: Scene, name: str, role: str, image: str) -> KubeObject:
    """The job that makes an instance's data directory."""
    called = f"{name}-{role}"
    labelled = {
        **labels(scene.cluster, image),
        "cnpg.io/instanceName": name,
        "cnpg.io/jobRole": role,
    }
    made = body("batch/v1", "Job", scene.cluster, called, labelled)
    made["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = True
    command = ["/controller/manager", "instance", "join" if role == "join" else "init"]
    spec = {
        **_pod_spec(scene, name, image, container=role, command=[*command, "--log-level=info"]),
        "restartPolicy": "Never",
    }
    template = {"metadata": {"labels": labelled, "annotations": dict(ANNOTATIONS)}, "spec": spec}
    return {**made, "spec": {"backoffLimit": 6, "template": template}}


def pod(scene: Scene, name: str, image: str) -> KubeObject:
    """The pod in which an instance runs."""
    own = {"cnpg.io/instanceName": name, "cnpg.io/podRole": "instance"}
    made = body("v1", "Pod", scene.cluster, name, {**labels(scene.cluster, image), **own})
    made["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = True
    annotations = made["metadata"]["annotations"]
    annotations |= {SERIAL: str(serial(name)), SPEC_HASH: spec_hash(scene)}
    annotations[STARTED_WITH] = fingerprint(scene.cluster)
    if scene.annotation(RESTARTED_AT):
        annotations[RESTARTED_AT] = scene.annotation(RESTARTED_AT)
    command = ["/controller/manager", "instance", "run", "--status-port-tls", "--log-level=info"]
    spec = _pod_spec(scene, name, image, container="postgres", command=command)
    container = spec["containers"][0]
    container["ports"] = [
        {"name": port, "containerPort": number, "protocol": "TCP"}
        for port, number in _PORTS.items()
    ]
    container |= {
        probe: {"httpGet": {"path": f"/{path}", "port": _PORTS["status"], "scheme": "HTTPS"}}
        for probe, path in _PROBES.items()
    }
    spec["terminationGracePeriodSeconds"] = scene.spec.get("stopDelay", 1800)
    return {**made, "spec": spec}


def spec_hash(scene: Scene) -> str:
    """Tells pods apart that were made for different wishes."""
    volumes = bool(scene.spec.get("walStorage"))
    return _digest([scene.spec.get("resources") or {}, scene.spec.get("env") or [], volumes])


def _pod_spec(
    scene: Scene, name: str, image: str, *, container: str, command: list[str]
) -> KubeObject:
    volumes = {
        "pgdata": name,
        **({"pg-wal": f"{name}-wal"} if scene.spec.get("walStorage") else {}),
    }
    restricted = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
    }
    paths = {"pgdata": "/var/lib/postgresql/data", "pg-wal": "/var/lib/postgresql/wal"}
    first = {
        "name": "bootstrap-controller",
        "image": OPERATOR_IMAGE,
        "command": ["/manager", "bootstrap", "/controller/manager", "--log-level=info"],
        "securityContext": restricted,
    }
    main = {
        "name": container,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": command,
        "resources": scene.spec.get("resources") or {},
        "securityContext": restricted,
        "volumeMounts": [{"name": each, "mountPath": paths[each]} for each in volumes],
    }
    return {
        "hostname": name,
        "serviceAccountName": scene.name,
        "initContainers": [first],
        "containers": [main],
        "securityContext": {"runAsUser": USER_ID, "runAsGroup": USER_ID, "fsGroup": USER_ID},
        "volumes": [
            {"name": each, "persistentVolumeClaim": {"claimName": claim}}
            for each, claim in volumes.items()
        ],
    }


def _digest(wanted: object) -> str:
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:12]
