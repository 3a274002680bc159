"""Recorded situations put back onto an API server that no operator and no node works on.

Objects get the recorded metadata, spec and status in a namespace of their own. Every recorded time
in them is moved so that "now" of the recording is the time of arranging. What the API server
decides itself (uid, creationTimestamp) cannot be set; ``Arranged.missing`` says what was left out.
"""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from cnpg_mcp.demo.recordings import Shift, load, names, remapped, shifted
from test.controlplane.api import ApiError, KubeClient
from test.controlplane.recorded import describe, pruned, references

__all__ = ["Arranged", "arrange", "load", "names"]

# Owners before what they own; quotas last, for they would refuse what exceeds them.
IN_ORDER = (
    "imagecatalogs",
    "services",
    "secrets",
    "persistentvolumeclaims",
    "jobs",
    "pods",
    "poddisruptionbudgets",
    "endpointslices",
    "backups",
    "scheduledbackups",
    "poolers",
    "databases",
    "databaseroles",
    "events",
    "resourcequotas",
)
CLUSTER_WIDE = ("storageclasses", "nodes", "operator_deployments")
NEVER = ("operator_pods", "instance_reports")
"""Recorded, but nothing that an API server without nodes can serve."""


@dataclass
class Arranged:
    """A situation that is served now."""

    namespace: str
    cluster_name: str
    recording: KubeObject
    missing: list[str] = field(default_factory=list)


async def arrange(admin: KubeClient, recording: KubeObject) -> Arranged:
    """Recreates the recording in a new namespace.

    Cluster-wide objects (storage classes, nodes, the operator's Deployment) are those of the
    recording arranged last.
    """
    return await _Arranger(admin, recording).run()


class _Arranger:
    """One recording on its way back."""

    def __init__(self, admin: KubeClient, recording: KubeObject) -> None:
        self._admin = admin
        self._recording = recording
        self._shift = Shift(datetime.now(UTC) - datetime.fromisoformat(recording["recorded_at"]))
        self._uids: dict[str, str] = {}
        namespace = f"s-{uuid.uuid4().hex[:8]}"
        self._arranged = Arranged(namespace, recording["cluster_name"], recording)

    async def run(self) -> Arranged:
        self._arranged.missing += ["metadata.uid and metadata.creationTimestamp of every object"]
        self._arranged.missing += [key for key in NEVER if self._recording.get(key)]
        await self._create_namespace()
        for plural in CLUSTER_WIDE:
            for obj in self._recording.get(plural, []):
                await self._cluster_wide(plural.removeprefix("operator_"), obj)
        await self._put("clusters", self._recording["cluster"])
        for plural in IN_ORDER:
            objects = self._recording.get(plural, [])
            await asyncio.gather(*(self._put(plural, obj) for obj in objects))
        return self._arranged

    async def _create_namespace(self) -> None:
        name = self._arranged.namespace
        await self._admin.create(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        )
        pods = self._recording.get("pods", [])
        for account in {pod["spec"].get("serviceAccountName", "default") for pod in pods}:
            meta = {"name": account, "namespace": name}
            await self._admin.create(
                {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
            )

    async def _cluster_wide(self, plural: str, obj: KubeObject) -> None:
        kind = BY_PLURAL[plural]
        body = pruned(obj, plural, obj["metadata"].get("namespace"))
        body |= {"apiVersion": kind.api_version, "kind": kind.kind}
        body.pop("status", None)
        body["metadata"].pop("ownerReferences", None)
        try:
            await self._admin.apply(body)
        except ApiError as error:
            self._note(plural, obj, error)
            return
        if obj.get("status"):
            await self._set_status(plural, obj, body["metadata"].get("namespace"))

    async def _put(self, plural: str, obj: KubeObject) -> None:
        """Creates one object and gives it its recorded status."""
        kind = BY_PLURAL[plural]
        body = pruned(obj, plural, self._arranged.namespace)
        body |= {"apiVersion": kind.api_version, "kind": kind.kind}
        body.pop("status", None)
        self._drop_lost_owners(plural, body)
        try:
            created = await self._admin.create(shifted(remapped(body, self._uids), self._shift))
        except ApiError as error:
            self._note(plural, obj, error)
            return
        if "uid" in obj["metadata"]:
            self._uids[obj["metadata"]["uid"]] = created["metadata"]["uid"]
        if obj["metadata"].get("deletionTimestamp"):
            await self._delete(plural, obj)
        if obj.get("status"):
            await self._set_status(plural, obj, self._arranged.namespace)

    async def _set_status(self, plural: str, obj: KubeObject, namespace: str | None) -> None:
        """Writes the recorded status."""
        name = obj["metadata"]["name"]
        status = shifted(remapped(obj["status"], self._uids), self._shift)
        await self._keep_distance(plural, obj, namespace, status)
        try:
            await self._admin.patch_status(plural, namespace, name, status)
        except ApiError as error:
            self._note(f"status of {plural}", obj, error)

    async def _keep_distance(
        self, plural: str, obj: KubeObject, namespace: str | None, status: KubeObject
    ) -> None:
        """Keeps ``observedGeneration`` as far behind the generation, which is counted anew."""
        recorded = obj["metadata"].get("generation")
        if not recorded or not status.get("observedGeneration"):
            return
        now = await self._admin.get(plural, namespace, obj["metadata"]["name"])
        behind = recorded - status["observedGeneration"]
        status["observedGeneration"] = now["metadata"]["generation"] - behind
        if status["observedGeneration"] < 1:
            name = obj["metadata"]["name"]
            self._arranged.missing.append(f"{plural}/{name}: an older observedGeneration")

    def _drop_lost_owners(self, plural: str, body: KubeObject) -> None:
        """Removes references to owners that were not arranged."""
        kept = [each for each in references(body) if each["uid"] in self._uids]
        for lost in references(body):
            if lost not in kept:
                name = body["metadata"]["name"]
                self._arranged.missing.append(f"{plural}/{name}: owner {describe(lost)}")
        body["metadata"]["ownerReferences"] = kept

    async def _delete(self, plural: str, obj: KubeObject) -> None:
        """Deletes before the status is there: a pod that has ended would vanish at once."""
        meta, namespace = obj["metadata"], self._arranged.namespace
        grace = meta.get("deletionGracePeriodSeconds") or 0
        options = {"gracePeriodSeconds": grace} if grace else {}
        try:
            await self._admin.delete(plural, namespace, meta["name"], **options)
        except ApiError as error:
            self._note(f"deletion of {plural}", obj, error)

    def _note(self, what: str, obj: KubeObject, error: ApiError) -> None:
        self._arranged.missing.append(f"{what}/{obj['metadata']['name']}: {error}")
