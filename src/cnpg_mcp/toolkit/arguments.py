"""The parameters that tools share: types, bounds, and what a model has to know to fill them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, WithJsonSchema

from cnpg_mcp.domain.creation.order import Profile
from cnpg_mcp.domain.status.assessment import Verdict


class DetailLevel(StrEnum):
    """How much an answer says."""

    CONCISE = "concise"
    DETAILED = "detailed"


Detail = Annotated[DetailLevel, Field(description="How much to say")]
Namespace = Annotated[
    str | None,
    Field(description="Kubernetes namespace; default: the server's, which the answer names"),
]
ClusterName = Annotated[str, Field(description="Name of the cluster")]
Limit = Annotated[int, Field(ge=1, le=500, description="Rows to a page")]
Cursor = Annotated[
    str | None,
    Field(description="next_cursor of the page before, with otherwise the same arguments"),
]
DryRun = Annotated[
    bool, Field(description="Let the API server and the operator check it; nothing is stored")
]
WaitSeconds = Annotated[
    int, Field(ge=0, le=45, description="Seconds to wait for the result; 0 answers at once")
]

_SCALARS = ["string", "number", "boolean"]

AllNamespaces = Annotated[
    bool, Field(description="All namespaces that the server may see; namespace is ignored")
]
LabelSelector = Annotated[
    str | None, Field(description="Kubernetes label selector, e.g. team=shop,env!=dev")
]
VerdictFilter = Annotated[
    Verdict | None, Field(description="Only clusters with this verdict; needs detailed")
]

NewClusterName = Annotated[
    str, Field(description="At most 50 lower-case letters, digits and hyphens")
]
ProfileName = Annotated[
    Profile,
    Field(
        description="dev: 1 instance, 1Gi. production: 3 instances with 2 CPUs and 4Gi each, WAL "
        "volume, synchronous replication; needs storage_size"
    ),
]
Instances = Annotated[int | None, Field(ge=1, le=20, description="Primary plus replicas")]
StorageSize = Annotated[
    str | None, Field(description="Volume of each instance, e.g. 20Gi; can grow, never shrink")
]
StorageClassName = Annotated[str | None, Field(description="Default: the Kubernetes cluster's")]
WalStorageSize = Annotated[str | None, Field(description="Separate volume for WAL, e.g. 5Gi")]
PostgresVersion = Annotated[
    str | None, Field(description="e.g. 17 or 17.5; default: the operator's")
]
Cpu = Annotated[str | None, Field(description="CPUs of each instance, e.g. 500m or 2")]
Memory = Annotated[str | None, Field(description="Memory of each instance, e.g. 4Gi")]
Parameters = Annotated[
    dict[str, str | int | float | bool] | None,
    Field(description='PostgreSQL parameters, e.g. {"max_connections": 200, "work_mem": "8MB"}'),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": _SCALARS}}),
]
SynchronousReplicas = Annotated[
    int | None, Field(ge=0, description="Replicas that confirm each commit; fewer than instances")
]
FirstDatabase = Annotated[str | None, Field(description="First database; default: app")]
FirstOwner = Annotated[
    str | None, Field(description="Role that owns it; default: the database's name")
]
Labels = Annotated[dict[str, str] | None, Field(description="Labels of the Cluster object")]
