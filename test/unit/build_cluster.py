"""Builds a healthy cluster with everything around it, to be broken in one place by a test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cnpg_mcp.domain.status.assessment import Assessment, Finding
from cnpg_mcp.domain.status.codes import FindingCode
from cnpg_mcp.domain.status.evidence import INSTANCE_REPORTS, SOURCES, Evidence
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.reports import InstanceReport

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NAME = "db"
HEALTHY = "Cluster in healthy state"
WAITING = "Waiting for the instances to become active"
DAY = 86400


def ago(seconds: float) -> str:
    """The time so many seconds before now, as the API server writes it."""
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def meta(name: str, age: float = DAY, **fields: Any) -> dict[str, Any]:
    stamp = {"creationTimestamp": ago(age), "uid": f"uid-{name}", "generation": 1}
    return {"name": name, "namespace": "shop", **stamp, **fields}


def condition(kind: str, status: str, age: float, reason: str = "", message: str = "") -> dict:
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": ago(age),
    }


@dataclass
class Scene:
    """Objects as the API server serves them; `None` for a part that cannot be seen."""

    cluster: dict[str, Any]
    parts: dict[str, list[dict[str, Any]] | None]
    reports: dict[str, dict[str, Any]] | None = None
    unseen: dict[str, str] = field(default_factory=dict)

    def evidence(self) -> Evidence:
        cluster = Cluster.parse(self.cluster)
        seen = {
            part: None
            if objects is None
            else tuple(SOURCES[part].view.parse(one) for one in objects)
            for part, objects in self.parts.items()
        }
        if self.reports is not None:
            seen[INSTANCE_REPORTS] = tuple(
                InstanceReport.parse(pod, one["http"], one["body"])
                for pod, one in self.reports.items()
            )
        return Evidence(cluster=cluster, **seen, unseen=self.unseen)

    def assess(self) -> Assessment:
        return assess(self.evidence(), NOW)

    # --- changes

    def spec(self, **fields: Any) -> "Scene":
        self.cluster["spec"].update(fields)
        return self

    def status(self, **fields: Any) -> "Scene":
        self.cluster["status"].update(fields)
        return self

    def annotate(self, key: str, value: str) -> "Scene":
        self.cluster["metadata"].setdefault("annotations", {})[key] = value
        return self

    def condition(self, kind: str, status: str, age: float, reason: str = "", message: str = ""):
        kept = [one for one in self.cluster["status"]["conditions"] if one["type"] != kind]
        self.cluster["status"]["conditions"] = [
            *kept,
            condition(kind, status, age, reason, message),
        ]
        return self

    def phase(self, phase: str, reason: str = "", age: float = 60) -> "Scene":
        self.condition("Ready", "False", age, "ClusterIsNotReady")
        return self.status(phase=phase, phaseReason=reason)

    def add(self, part: str, *objects: dict[str, Any]) -> "Scene":
        self.parts[part] = [*(self.parts[part] or ()), *objects]
        return self

    def pod(self, name: str) -> dict[str, Any]:
        return next(one for one in self.parts["pods"] or () if one["metadata"]["name"] == name)

    def volume(self, name: str) -> dict[str, Any]:
        claims = self.parts["persistent_volume_claims"] or ()
        return next(one for one in claims if one["metadata"]["name"] == name)

    def remove_pod(self, name: str) -> "Scene":
        self.parts["pods"] = [one for one in self.parts["pods"] or () if one is not self.pod(name)]
        return self._lost_endpoint(name)

    def _lost_endpoint(self, name: str) -> "Scene":
        if name == self.cluster["status"]["currentPrimary"]:
            self.parts["endpoint_slices"] = [endpoints(ready=False)]
        return self

    def unready(self, name: str, age: float = 600, **container: Any) -> "Scene":
        """Makes a pod not ready; `container` overrides the status of its container."""
        status = self.pod(name)["status"]
        status["conditions"] = [condition("Ready", "False", min(age, 300))]
        status["containerStatuses"][0] |= {"ready": False, **container}
        return self._lost_endpoint(name)

    def waiting(self, name: str, reason: str, message: str = "", **container: Any) -> "Scene":
        return self.unready(
            name, state={"waiting": {"reason": reason, "message": message}}, **container
        )

    def event(
        self, kind: str, name: str, reason: str, message: str = "", age: float = 5
    ) -> "Scene":
        return self.add(
            "events",
            {
                "metadata": meta(f"{name}.1", age),
                "type": "Warning",
                "reason": reason,
                "message": message,
                "involvedObject": {"kind": kind, "name": name, "uid": f"uid-{name}"},
                "lastTimestamp": ago(age),
            },
        )

    def report(self, name: str, http: int | None = 200, **body: Any) -> "Scene":
        self.reports = (self.reports or {}) | {name: {"http": http, "body": body}}
        return self


def endpoints(*, ready: bool = True) -> dict[str, Any]:
    return {
        "metadata": meta(f"{NAME}-rw-x", labels={"kubernetes.io/service-name": f"{NAME}-rw"}),
        "endpoints": [{"conditions": {"ready": ready}}],
    }


def instance_pod(name: str, role: str, age: float = DAY) -> dict[str, Any]:
    labels = {
        "cnpg.io/cluster": NAME,
        "cnpg.io/instanceName": name,
        "cnpg.io/instanceRole": role,
        "cnpg.io/podRole": "instance",
    }
    return {
        "metadata": meta(name, age, labels=labels),
        "spec": {"nodeName": "node-a"},
        "status": {
            "phase": "Running",
            "conditions": [condition("Ready", "True", age)],
            "containerStatuses": [
                {
                    "name": "postgres",
                    "ready": True,
                    "restartCount": 0,
                    "image": "registry.example/postgresql:18.1",
                    "state": {"running": {"startedAt": ago(age)}},
                }
            ],
        },
    }


def job_pod(job: str, name: str, phase: str, role: str = "join", age: float = 300):
    labels = {
        "cnpg.io/cluster": NAME,
        "cnpg.io/instanceName": job.rsplit("-", 1)[0],
        "cnpg.io/jobRole": role,
        "batch.kubernetes.io/job-name": job,
    }
    return {"metadata": meta(name, age, labels=labels), "status": {"phase": phase}}


def job(name: str, role: str = "join", age: float = 300, **status: Any) -> dict[str, Any]:
    labels = {"cnpg.io/jobRole": role, "cnpg.io/instanceName": name.rsplit("-", 1)[0]}
    return {"metadata": meta(name, age, labels=labels), "status": status}


def volume(name: str, role: str = "PG_DATA", instance: str = "", **status: Any) -> dict[str, Any]:
    labels = {"cnpg.io/pvcRole": role, "cnpg.io/instanceName": instance or name}
    return {
        "metadata": meta(name, labels=labels),
        "spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}} | status,
    }


def healthy(instances: int = 3, **spec: Any) -> Scene:
    """A cluster that has been healthy for a day, with everything around it visible."""
    names = [f"{NAME}-{serial + 1}" for serial in range(instances)]
    roles = ["primary", *["replica"] * (instances - 1)]
    cluster = {
        "metadata": meta(NAME),
        "spec": {"instances": instances, "storage": {"size": "1Gi"}, **spec},
        "status": {
            "phase": HEALTHY,
            "instances": instances,
            "readyInstances": instances,
            "instanceNames": names,
            "instancesStatus": {"healthy": names},
            "currentPrimary": names[0],
            "targetPrimary": names[0],
            "currentPrimaryTimestamp": ago(DAY),
            "targetPrimaryTimestamp": ago(DAY),
            "healthyPVC": names,
            "pvcCount": instances,
            "conditions": [
                condition("Initialized", "True", DAY, "BootstrapCompleted"),
                condition("Ready", "True", DAY - 60, "ClusterIsReady"),
            ],
        },
    }
    operator = {
        "metadata": meta("operator"),
        "spec": {"replicas": 1},
        "status": {"readyReplicas": 1},
    }
    storage = {"metadata": meta("fast"), "allowVolumeExpansion": True}
    parts: dict[str, list[dict[str, Any]] | None] = {part: [] for part in SOURCES}
    parts |= {
        "pods": [instance_pod(name, role) for name, role in zip(names, roles, strict=True)],
        "persistent_volume_claims": [volume(name) for name in names],
        "endpoint_slices": [endpoints()],
        "operator_deployments": [operator],
        "storage_classes": [storage],
    }
    return Scene(cluster, parts)


def problems(assessment: Assessment) -> set[FindingCode]:
    """The codes of all warnings and criticals."""
    return {one.code for one in assessment.findings if one.is_problem}


def find(assessment: Assessment, code: FindingCode) -> Finding:
    return next(one for one in assessment.findings if one.code is code)
