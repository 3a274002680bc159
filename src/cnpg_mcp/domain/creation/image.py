"""The image for a PostgreSQL version, made from the operator's own default image."""

import re

from cnpg_mcp.domain.creation.order import ClusterOrder
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.errors import ErrorCode, ToolFailure

_TAG_VERSION = re.compile(r"^(?P<major>[0-9]+)(?:\.[0-9]+)*(?P<rest>.*)$")


async def image_for_version(estate: Estate, namespace: str, order: ClusterOrder) -> str | None:
    """The operator's default image with the version asked for; `None` when that is the default.

    The default is learnt by a dry run; only the version at the start of its tag is replaced.

    Raises:
        ToolFailure: `unsupported`, the default image's tag does not begin with a version.
    """
    if order.postgres_version is None:
        return None
    default = await _default_image(estate, namespace, order.name)
    repository, _, tag = default.partition("@")[0].rpartition(":")
    found = _TAG_VERSION.match(tag)
    if not repository or not found:
        raise ToolFailure(
            ErrorCode.UNSUPPORTED,
            "The operator's default image does not tell its PostgreSQL version.",
            "Leave postgres_version out to use the operator's default.",
        )
    if found["major"] == order.postgres_version or tag.startswith(f"{order.postgres_version}-"):
        return None
    return f"{repository}:{order.postgres_version}{found['rest']}"


async def _default_image(estate: Estate, namespace: str, name: str) -> str:
    body = {
        "apiVersion": CLUSTERS.api_version,
        "kind": CLUSTERS.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}},
    }
    preview = await estate.kube.create(CLUSTERS, namespace, body, dry_run=True)
    return str(preview.object.get("spec", {}).get("imageName", ""))
