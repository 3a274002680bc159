"""Marks on what this server makes: whose it is, and which order made it."""

import hashlib
import json
from collections.abc import Mapping

from pydantic import JsonValue

from cnpg_mcp.domain.views.base import Metadata

CREATED_BY = "cnpg-mcp.io/created-by"
"""Annotation on everything that this server makes; only what carries it is ever cleaned up."""
ORDER_DIGEST = "cnpg-mcp.io/order"
"""Annotation that tells a repeated create from another one of the same name."""
TOUCHED_AT = "cnpg-mcp.io/touched-at"
"""Annotation whose change makes the operator look again."""
PROTECTION = "cnpg-mcp.io/deletion-protection"
"""Annotation on a Cluster or Database; no tool deletes what says `enabled`, or removes it."""
OURS = "cnpg-mcp"


def made_by(digest: str) -> dict[str, str]:
    """The annotations of an object that an order makes."""
    return {CREATED_BY: OURS, ORDER_DIGEST: digest}


def is_ours(metadata: Metadata) -> bool:
    """Whether this server made the object."""
    return metadata.annotations.get(CREATED_BY) == OURS


def is_protected(metadata: Metadata) -> bool:
    """Whether the object must not be deleted: a value that is not understood protects, too."""
    return metadata.annotations.get(PROTECTION, "disabled").lower() not in {"disabled", "false"}


def digest_of(namespace: str, order: Mapping[str, JsonValue]) -> str:
    """What tells an order repeated from another order for the same place."""
    text = json.dumps([namespace, order], sort_keys=True, default=dict)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
