"""What the validating webhook of Cluster refuses of a change."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission import images
from cnpg_mcp.demo.operator.admission.amounts import amount
from cnpg_mcp.demo.operator.admission.causes import invalid

Spec = dict[str, Any]
_OLDEST_TO_UPGRADE_TO = 16


def faults(new: KubeObject, old: KubeObject) -> Iterator[Cause]:
    """What may not become of a Cluster."""
    spec, before = new["spec"], old["spec"]
    return chain(
        _version(spec, old.get("status") or {}),
        _volumes(spec, before),
        _tablespaces(spec, before),
        _users(spec, before),
        _slots(spec, before),
        _wal_level(spec, before),
        _image_and_parameters(spec, before),
    )


def _version(spec: Spec, status: Spec) -> Iterator[Cause]:
    current = (status.get("pgDataImageInfo") or {}).get("majorVersion")
    catalog = spec.get("imageCatalogRef")
    wanted = catalog["major"] if catalog else images.major(spec.get("imageName", ""))
    path = "spec.imageCatalogRef.major" if catalog else "spec.imageName"
    if current is None or wanted is None or wanted == current:
        return
    if wanted < current:
        why = f"can't downgrade from major {current} to {wanted}"
        yield invalid(path, str(wanted), why)
    elif wanted < _OLDEST_TO_UPGRADE_TO:
        why = f"major upgrades are only supported to version {_OLDEST_TO_UPGRADE_TO} or higher"
        yield invalid(path, str(wanted), why)


def _volumes(spec: Spec, before: Spec) -> Iterator[Cause]:
    yield from _shrunk("spec.storage", spec["storage"], before["storage"])
    if "walStorage" not in before:
        return
    if "walStorage" not in spec:
        why = "walStorage cannot be disabled once configured"
        yield invalid("spec.walStorage", None, why)
    else:
        yield from _shrunk("spec.walStorage", spec["walStorage"], before["walStorage"])


def _tablespaces(spec: Spec, before: Spec) -> Iterator[Cause]:
    spaces = spec.get("tablespaces") or []
    now = {space["name"]: space["storage"] for space in spaces}
    for at, space in enumerate(before.get("tablespaces") or ()):
        path = f"spec.tablespaces[{at}]"
        if space["name"] in now:
            yield from _shrunk(path, now[space["name"]], space["storage"])
        else:
            shown = [_in_order(one) for one in spaces]
            yield invalid(path, shown, "no tablespace can be deleted once created")


def _in_order(space: Spec) -> Spec:
    storage = {
        key: space["storage"][key]
        for key in ("storageClass", "size", "resizeInUseVolumes")
        if key in space["storage"]
    }
    return {"name": space["name"], "storage": storage, "owner": space["owner"]}


def _shrunk(path: str, storage: Spec, before: Spec) -> Iterator[Cause]:
    wanted, had = storage.get("size"), before.get("size")
    now, then = amount(wanted), amount(had)
    if now is not None and then is not None and now < then:
        yield invalid(path, wanted, f"can't shrink existing storage from {had} to {wanted}")


def _users(spec: Spec, before: Spec) -> Iterator[Cause]:
    for kind in ("UID", "GID"):
        now = spec[f"postgres{kind}"]
        if now != before[f"postgres{kind}"]:
            why = f"{kind} is an immutable field in the spec"
            yield invalid(f"spec.postgres{kind}", now, why)


def _slots(spec: Spec, before: Spec) -> Iterator[Cause]:
    now = spec["replicationSlots"]["highAvailability"]
    then = (before.get("replicationSlots") or {}).get("highAvailability") or {}
    both = now.get("enabled") and then.get("enabled")
    if both and now.get("slotPrefix") != then.get("slotPrefix"):
        why = "Cannot change replication slot prefix while highAvailability is enabled"
        path = "spec.replicationSlots.highAvailability.slotPrefix"
        yield invalid(path, now.get("slotPrefix"), why)


def _wal_level(spec: Spec, before: Spec) -> Iterator[Cause]:
    now, then = (each["postgresql"]["parameters"]["wal_level"] for each in (spec, before))
    if now == "minimal" != then:
        why = f"Change of `wal_level` to `minimal` not allowed on an existing cluster (from {then})"
        yield invalid("spec.postgresql.parameters.wal_level", now, why)


def _image_and_parameters(spec: Spec, before: Spec) -> Iterator[Cause]:
    image = spec.get("imageName")
    if spec["primaryUpdateMethod"] != "switchover" or image == before.get("imageName"):
        return
    now, then = (each["postgresql"]["parameters"] for each in (spec, before))
    changed = {
        name: [then.get(name, ""), now.get(name, "")]
        for name in sorted({*now, *then})
        if now.get(name) != then.get(name)
    }
    if changed:
        shown = json.dumps(changed, separators=(",", ":"))
        why = (
            "Can't change image name and configuration at the same time when"
            " `primaryUpdateMethod` is set to `switchover`. There are differences in PostgreSQL"
            f" configuration parameters: {shown}"
        )
        yield invalid("spec.imageName", image, why)
