"""Reading and writing the Database objects of one cluster."""

from collections.abc import Sequence

from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import read_all
from cnpg_mcp.domain.marks import TOUCHED_AT
from cnpg_mcp.domain.resources import DATABASES
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import Database
from cnpg_mcp.errors import ErrorCode, ToolFailure
from cnpg_mcp.kube.client import Preconditions
from cnpg_mcp.kube.errors import NotFound
from cnpg_mcp.kube.objects import KubeObject


class Databases:
    """The Database objects in one namespace."""

    def __init__(self, estate: Estate, namespace: str) -> None:
        self._estate = estate
        self._namespace = namespace

    async def of(self, cluster: Cluster) -> Sequence[Database]:
        """The objects that name the cluster, the ones that the operator has applied first.

        Raises:
            ToolFailure: `unsupported`, there is no such kind (CNPG before 1.25).
        """
        found = []
        try:
            async for item in read_all(self._estate, DATABASES, self._namespace):
                database = Database.parse(item)
                if database.spec.cluster.name == cluster.name:
                    found.append(database)
        except NotFound:
            raise ToolFailure(
                ErrorCode.UNSUPPORTED,
                "This CloudNativePG has no Database objects: they came with version 1.25.",
                "Have the operator upgraded.",
            ) from None
        return sorted(found, key=lambda each: each.status.observed_generation is None)

    async def read(self, name: str) -> Database | None:
        """One object; `None` when there is none of that name."""
        try:
            found = await self._estate.kube.get(DATABASES, self._namespace, name)
        except NotFound:
            return None
        return Database.parse(found)

    async def create(self, body: KubeObject, *, dry_run: bool = False) -> Database:
        """Stores an object, or only has it checked."""
        kube = self._estate.kube
        written = await kube.create(DATABASES, self._namespace, body, dry_run=dry_run)
        return self._noted(Database.parse(written.object), dry_run=dry_run)

    async def change(
        self, database: Database, spec: KubeObject, *, dry_run: bool = False
    ) -> Database:
        """Changes the spec of an object that is still as it was read; touches it in any case.

        Raises:
            Conflict: it has been changed since.
        """
        touch = {TOUCHED_AT: self._estate.now().isoformat()}
        version = database.metadata.resource_version
        patch: KubeObject = {"metadata": {"resourceVersion": version, "annotations": touch}}
        if spec:
            patch["spec"] = spec
        written = await self._estate.kube.patch(
            DATABASES, self._namespace, database.name, patch, dry_run=dry_run
        )
        return self._noted(Database.parse(written.object), dry_run=dry_run)

    async def delete(self, database: Database, *, dry_run: bool = False) -> None:
        """Deletes an object that is still as it was read.

        Raises:
            Conflict: it has been changed since.
        """
        metadata = database.metadata
        only_this = Preconditions(metadata.uid, metadata.resource_version)
        await self._estate.kube.delete(
            DATABASES, self._namespace, database.name, only_this, dry_run=dry_run
        )
        self._noted(database, dry_run=dry_run)

    def _noted(self, database: Database, *, dry_run: bool) -> Database:
        if not dry_run:
            uid = database.metadata.uid
            self._estate.journal.touches("Database", self._namespace, database.name, uid)
        return database


def is_failing(database: Database) -> bool:
    """Whether the operator reports a failure, whatever for."""
    return database.status.applied is False
