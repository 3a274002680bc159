"""What the webhook of Database refuses: names that stand twice, servers of unknown wrappers."""

from collections.abc import Iterator, Sequence
from typing import Any

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission.causes import duplicate, invalid

Entries = Sequence[dict[str, Any]]


def faults(obj: KubeObject) -> Iterator[Cause]:
    """What is wrong with a Database."""
    spec = obj["spec"]
    for section in ("schemas", "extensions", "fdws", "servers"):
        yield from _doubles(spec.get(section, ()), f"spec.{section}")
    for section in ("fdws", "servers"):
        for at, entry in enumerate(spec.get(section, ())):
            yield from _doubles(entry.get("options", ()), f"spec.{section}[{at}].options")
            yield from _doubles(entry.get("usage", ()), f"spec.{section}[{at}].usages")
    declared = {entry["name"] for entry in spec.get("fdws", ())}
    for at, server in enumerate(spec.get("servers", ())):
        if server["fdw"] not in declared:
            why = "referenced fdw not defined in spec.fdws"
            yield invalid(f"spec.servers[{at}].fdw", server["fdw"], why)


def _doubles(entries: Entries, path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for at, entry in enumerate(entries):
        if entry["name"] in seen:
            yield duplicate(f"{path}[{at}].name", entry["name"])
        seen.add(entry["name"])
