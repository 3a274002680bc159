"""Names: what Kubernetes and CloudNativePG accept, checked before anything is asked of them."""

import hashlib
import re
import unicodedata

from cnpg_mcp.domain.quoting import is_object_name
from cnpg_mcp.errors import invalid

CLUSTER_NAME_LIMIT = 50
"""CloudNativePG's own bound: instance and Service names are made from the cluster's name."""
NAMESPACE_LIMIT = 63
IDENTIFIER_BYTES = 63
"""PostgreSQL cuts longer identifiers silently (NAMEDATALEN - 1), counted in UTF-8 bytes."""

_SLUG_CHARS = 20
_HASH_CHARS = 10
RESERVED_ROLE = re.compile(r"(postgres|streaming_replica|pg_.*|cnpg_.*|public|none)", re.DOTALL)
"""Role names that PostgreSQL or CloudNativePG keeps for itself."""
RESERVED_DATABASES = frozenset({"postgres", "template0", "template1"})

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DNS_1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def check_new_cluster_name(name: str) -> None:
    """Refuses what no new cluster can be called.

    Raises:
        ToolFailure: `invalid`.
    """
    _check_cluster_name(name, "name", "Choose a name such as orders-db.")


def check_cluster_name(name: str, field: str = "name") -> None:
    """Refuses what cannot be the name of a cluster that exists.

    Raises:
        ToolFailure: `invalid`.
    """
    step = "Call list_postgres_clusters to see which there are."
    lowered = name.lower()
    if lowered != name and _DNS_1035.fullmatch(lowered):
        step = f"Pass {lowered}, if that is the one."
    _check_cluster_name(name, field, step)


def _check_cluster_name(name: str, field: str, next_step: str) -> None:
    if "/" in name:
        raise invalid(
            field,
            "A cluster name has no slash.",
            f"Pass what is before the slash as namespace, and what is behind it as {field}.",
        )
    if len(name) > CLUSTER_NAME_LIMIT:
        raise invalid(
            field,
            f"The cluster name has {len(name)} characters; CloudNativePG allows "
            f"{CLUSTER_NAME_LIMIT}.",
            next_step,
        )
    if not _DNS_1035.fullmatch(name):
        raise invalid(
            field,
            "A cluster name consists of lower-case letters, digits and hyphens, begins with a "
            "letter and does not end with a hyphen.",
            next_step,
        )


def check_namespace(namespace: str) -> None:
    """Refuses what cannot be a namespace.

    Raises:
        ToolFailure: `invalid`.
    """
    if len(namespace) > NAMESPACE_LIMIT or not _DNS_1123.fullmatch(namespace):
        raise invalid(
            "namespace",
            "A namespace consists of at most 63 lower-case letters, digits and hyphens.",
            "Check the spelling, or leave namespace out to use the default one.",
        )


def check_object_name(name: str, field: str) -> None:
    """Refuses what no object can be called.

    Raises:
        ToolFailure: `invalid`.
    """
    if not is_object_name(name):
        raise invalid(field, "No object can have that name.", "Check the spelling.")


def check_identifier(name: str, field: str) -> None:
    """Refuses what PostgreSQL would cut or cannot hold as a role or database name.

    Raises:
        ToolFailure: `invalid`.
    """
    size = len(name.encode())
    if size > IDENTIFIER_BYTES:
        raise invalid(
            field,
            f"The name has {size} bytes in UTF-8; PostgreSQL keeps {IDENTIFIER_BYTES} and would "
            "cut the rest silently.",
            "Choose a shorter name.",
        )
    if not name or "\x00" in name:
        raise invalid(field, "The name is empty or has a zero byte.", "Choose another name.")


def check_role_name(name: str, field: str = "role_name") -> None:
    """Refuses what cannot be a role, or is one that PostgreSQL or the operator needs.

    Raises:
        ToolFailure: `invalid`.
    """
    check_identifier(name, field)
    if RESERVED_ROLE.fullmatch(name):
        raise invalid(
            field,
            "The name is reserved: postgres, streaming_replica, public, none, and all that begins "
            "with pg_ or cnpg_ belong to PostgreSQL or the operator.",
            "Choose another name.",
        )


def check_database_name(name: str, field: str = "database_name") -> None:
    """Refuses what cannot be a database, or is one that PostgreSQL needs.

    Raises:
        ToolFailure: `invalid`.
    """
    check_identifier(name, field)
    if name in RESERVED_DATABASES:
        raise invalid(field, f"{name} is PostgreSQL's own.", "Choose another name.")


def object_name(cluster: str, identifier: str) -> str:
    """The name of the object that declares a role or database: readable, legal, and its own.

    PostgreSQL's names may hold what Kubernetes' may not, and differ in case alone; so a slug for
    people is followed by a hash of the whole name. At most 82 characters.
    """
    ascii_only = unicodedata.normalize("NFKD", identifier).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:_SLUG_CHARS].strip("-")
    digest = hashlib.sha256(identifier.encode()).hexdigest()[:_HASH_CHARS]
    return "-".join(part for part in (cluster, slug, digest) if part)
