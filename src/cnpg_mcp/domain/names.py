"""Names: what Kubernetes and CloudNativePG accept, checked before anything is asked of them."""

import re

from cnpg_mcp.errors import invalid

CLUSTER_NAME_LIMIT = 50
"""CloudNativePG's own bound: instance and Service names are made from the cluster's name."""
NAMESPACE_LIMIT = 63
IDENTIFIER_BYTES = 63
"""PostgreSQL cuts longer identifiers silently (NAMEDATALEN - 1), counted in UTF-8 bytes."""

_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_DNS_1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def check_cluster_name(name: str, field: str = "name") -> None:
    """Refuses what cannot be a cluster's name.

    Raises:
        ToolFailure: `invalid`.
    """
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
            "Choose a shorter name.",
        )
    if not _DNS_1035.fullmatch(name):
        raise invalid(
            field,
            "A cluster name consists of lower-case letters, digits and hyphens, begins with a "
            "letter and does not end with a hyphen.",
            "Choose a name such as orders-db.",
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
