"""What the webhooks of Backup and ScheduledBackup refuse, and warn of."""

from collections.abc import Iterator
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission.causes import invalid
from cnpg_mcp.demo.operator.admission.schedules import fault

_FIELDS_OF_A_SCHEDULE = 6
_NO_SNAPSHOTS = (
    "Cannot use volumeSnapshot backup method due to missing VolumeSnapshot CRD. If you installed"
    " the CRD after having started the operator, please restart it to enable VolumeSnapshot support"
)
_ODD_SCHEDULE = (
    "Schedule parameter may not have the right number of arguments"
    " (usually six arguments are needed)"
)


def backup_faults(obj: KubeObject) -> Iterator[Cause]:
    """What is wrong with a Backup."""
    spec = obj["spec"]
    yield from _common(spec, "the backup method")
    if spec["method"] == "plugin" and not spec.get("pluginConfiguration"):
        why = "cannot be empty when the backup method is plugin"
        yield invalid("spec.pluginConfiguration", None, why)


def schedule_faults(obj: KubeObject) -> Iterator[Cause]:
    """What is wrong with a ScheduledBackup."""
    spec = obj["spec"]
    if why := fault(spec["schedule"]):
        yield invalid("spec.schedule", spec["schedule"], why)
    yield from _common(spec, "the method")


def schedule_warnings(obj: KubeObject) -> Iterator[str]:
    """Warns of a schedule that does not begin with seconds."""
    if len(obj["spec"]["schedule"].split()) != _FIELDS_OF_A_SCHEDULE:
        yield _ODD_SCHEDULE


def _common(spec: dict[str, Any], method: str) -> Iterator[Cause]:
    if spec["method"] == "volumeSnapshot":
        yield invalid("spec.method", spec["method"], _NO_SNAPSHOTS)
        return
    only = f"can be specified only if {method} is volumeSnapshot"
    if "online" in spec:
        yield invalid("spec.online", spec["online"], f"Online parameter {only}")
    if "onlineConfiguration" in spec:
        why = f"OnlineConfiguration parameter {only}"
        yield invalid("spec.onlineConfiguration", spec["onlineConfiguration"], why)
