"""What the webhook of Cluster warns of."""

import re
from collections.abc import Iterator
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject

Spec = dict[str, Any]
_RELABELINGS = ("podMonitorMetricRelabelings", "podMonitorRelabelings")
_LEAVES = "is deprecated and will be removed in a future release."


def warnings(obj: KubeObject) -> Iterator[str]:
    """Everything that is accepted, and should not be."""
    spec = obj["spec"]
    yield from _barman(spec)
    yield from _retention(spec.get("backup") or {})
    yield from _monitoring(spec["monitoring"])
    yield from _volumes(spec)
    yield from _shared_buffers(spec["postgresql"]["parameters"].get("shared_buffers", ""))
    if "nodeMaintenanceWindow" in spec:
        yield "Consider using `.spec.enablePDB` instead of the node maintenance window feature"


def _barman(spec: Spec) -> Iterator[str]:
    places = []
    if (spec.get("backup") or {}).get("barmanObjectStore"):
        places.append("spec.backup.barmanObjectStore")
    for at, external in enumerate(spec.get("externalClusters") or ()):
        if external.get("barmanObjectStore"):
            places.append(f"spec.externalClusters.{at}.barmanObjectStore")
    if places:
        yield (
            "Native support for Barman Cloud backups and recovery is deprecated and will be"
            " completely removed in CloudNativePG 1.31.0."
            f" Found usage in: {', '.join(places)}."
            " Please migrate existing clusters to the new Barman Cloud Plugin to ensure a smooth"
            " transition."
        )


def _retention(backup: Spec) -> Iterator[str]:
    if backup.get("retentionPolicy") and not backup.get("barmanObjectStore"):
        yield (
            "Retention policies specified in .spec.backup.retentionPolicy are only used by the"
            " in-tree barman-cloud support, which is not being used in this cluster. Please use a"
            " backup plugin and migrate this configuration to the plugin configuration"
        )


def _monitoring(monitoring: Spec) -> Iterator[str]:
    if monitoring.get("enablePodMonitor"):
        yield (
            f"spec.monitoring.enablePodMonitor {_LEAVES} Please migrate to manually managing your"
            " PodMonitor resources. Set this field to false and create a PodMonitor resource for"
            " your cluster as described in the documentation."
        )
    for name in _RELABELINGS:
        if monitoring.get(name):
            yield (
                f"spec.monitoring.{name} {_LEAVES} Please migrate to manually managing your"
                " PodMonitor resources with custom relabeling configurations."
            )
    if monitoring.get("metricsQueriesTTL") == "0":
        yield (
            "spec.monitoring.metricsQueriesTTL is explicitly set to 0; this disables automatic TTL"
            " behavior and can cause heavy load on the PostgreSQL server."
        )


def _volumes(spec: Spec) -> Iterator[str]:
    for name in ("storage", "walStorage"):
        volume = spec.get(name) or {}
        template = (volume.get("pvcTemplate") or {}).get("resources") or {}
        if volume.get("size") and (template.get("requests") or {}).get("storage"):
            yield (
                f"spec.{name}.size and spec.{name}.pvcTemplate.resources.requests.storage are both"
                f" specified, spec.{name}.size value will be used."
            )


def _shared_buffers(value: str) -> Iterator[str]:
    if re.fullmatch(r"[+-]?\d+", value):
        yield (
            f"`shared_buffers` value '{value}' is missing a unit (e.g., MB, GB). While this is"
            " currently allowed, future releases will require an explicit unit. Please update your"
            f" configuration to specify a valid unit, such as '{value}MB'."
        )
