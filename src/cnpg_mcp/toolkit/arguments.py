"""The parameters that tools share: types, bounds, and what a model has to know to fill them."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, WithJsonSchema

from cnpg_mcp.domain.creation.order import Profile
from cnpg_mcp.domain.databases.order import ReclaimPolicy
from cnpg_mcp.domain.status.assessment import Verdict


class DetailLevel(StrEnum):
    """How much an answer says."""

    CONCISE = "concise"
    DETAILED = "detailed"


Detail = Annotated[DetailLevel, Field(description="How much to say")]
Namespace = Annotated[
    str | None,
    Field(description="Kubernetes namespace; default: the server's"),
]
ClusterName = Annotated[str, Field(description="Name of the cluster")]
Limit = Annotated[int, Field(ge=1, le=500, description="Rows to a page")]
Cursor = Annotated[
    str | None,
    Field(description="next_cursor of the page before, with otherwise the same arguments"),
]
DryRun = Annotated[bool, Field(description="Only have API server and operator check it")]
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
        "volume, synchronous replication (not with fewer than 3); needs storage_size"
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

Confirmation = Annotated[
    str | None, Field(description="Code of the plan that a person has agreed to")
]
WaitForPostgres = Annotated[
    int, Field(ge=0, le=45, description="Seconds to wait for PostgreSQL; 0: none")
]
WantedInstances = Annotated[int, Field(ge=1, le=20, description="Primary plus replicas wanted")]
Image = Annotated[
    str | None,
    Field(description="PostgreSQL image; outside the allowed prefixes it needs a plan"),
]
BackupObjectStore = Annotated[
    str | None,
    Field(description="ObjectStore to archive WAL and back up to daily (Barman Cloud plugin)"),
]
DeleteDependents = Annotated[
    bool, Field(description="Also delete this server's Database and DatabaseRole objects of it")
]
WithoutBackup = Annotated[
    bool, Field(description="Delete although no recent completed backup exists")
]

RoleName = Annotated[str, Field(description="Name of the role in PostgreSQL, exactly")]
Login = Annotated[bool, Field(description="May log in; gets a password in a Secret")]
Inherit = Annotated[bool, Field(description="Has the privileges of its memberships by itself")]
CreateDb = Annotated[bool, Field(description="May create databases")]
Superuser = Annotated[bool, Field(description="Bypasses all permission checks; needs a plan")]
CreateRole = Annotated[bool, Field(description="May create and change roles; needs a plan")]
Replication = Annotated[bool, Field(description="May stream everything; needs a plan")]
BypassRls = Annotated[bool, Field(description="Bypasses row-level security; needs a plan")]
ConnectionLimit = Annotated[
    int | None,
    Field(ge=-1, le=2147483647, description="Concurrent connections; -1: no limit, 0: none"),
]
ValidUntil = Annotated[
    str | None,
    Field(description="When the password expires, RFC 3339, or infinity", max_length=64),
]
InRoles = Annotated[
    list[str] | None, Field(description="Roles to be a member of; pg_* ones need a plan")
]
Comment = Annotated[str | None, Field(description="Comment on the role", max_length=1000)]
NewLogin = Annotated[bool | None, Field(description="May log in; taking it away needs a plan")]
NewInherit = Annotated[bool | None, Field(description="Has its memberships' privileges by itself")]
NewCreateDb = Annotated[bool | None, Field(description="May create databases")]
NewSuperuser = Annotated[bool | None, Field(description="Granting it needs a plan")]
NewCreateRole = Annotated[bool | None, Field(description="Granting it needs a plan")]
NewReplication = Annotated[bool | None, Field(description="Granting it needs a plan")]
NewBypassRls = Annotated[bool | None, Field(description="Granting it needs a plan")]
ChangedInRoles = Annotated[
    list[str] | dict[str, bool] | None,
    Field(
        description='Memberships to add, e.g. ["reporting"], or to add and revoke, e.g. '
        '{"reporting": true, "auditor": false}; all others stay'
    ),
    WithJsonSchema(
        {
            "type": ["array", "object"],
            "items": {"type": "string"},
            "additionalProperties": {"type": "boolean"},
        }
    ),
]
RotatePassword = Annotated[bool, Field(description="Replace the password; needs a plan")]

DatabaseName = Annotated[str, Field(description="Name of the database in PostgreSQL, exactly")]
Owner = Annotated[str, Field(description="Role that owns it; it must exist")]
ReclaimPolicyOfNew = Annotated[
    ReclaimPolicy,
    Field(description="What becomes of the data when the Database object is deleted"),
]
ReclaimPolicyOfDrop = Annotated[
    ReclaimPolicy,
    Field(description="delete drops the database; retain only stops declaring it"),
]
Extensions = Annotated[
    list[str] | None, Field(description="Extensions to install; untrusted ones need a plan")
]
Schemas = Annotated[list[str] | None, Field(description="Schemas to create, owned by the owner")]
Encoding = Annotated[str | None, Field(description="e.g. UTF8; fixed once created")]
Locale = Annotated[str | None, Field(description="e.g. C or en_US.utf8; fixed once created")]
