"""Calls that only look."""

import secrets

from test.tools.check.calls import Content, rows
from test.tools.check.registry import CheckSkipped, Registry, require
from test.tools.check.visit import Place, Visit
from test.tools.speech import told

CHECKS = Registry()
VERDICTS = {"healthy", "progressing", "degraded", "down", "hibernated", "unknown"}
_CLUSTERS = "list_postgres_clusters"


@CHECKS.check("read.clusters", "lists clusters (concise)")
async def clusters(visit: Visit) -> None:
    """In the namespace given, else the server's own, else wherever it may look."""
    content = await _list(visit)
    require(isinstance(content.get("scope"), dict), "the list does not say where it looked")
    visit.found = _first(content)


@CHECKS.check("read.clusters-detailed", "lists clusters (detailed), each with a verdict")
async def clusters_detailed(visit: Visit) -> None:
    """One call for whole objects."""
    content = await _list(visit, detail_level="detailed")
    for row in rows(content, "clusters"):
        known = row.get("verdict") in VERDICTS
        require(known, f"{told(row.get('name'))} has the verdict {told(row.get('verdict'))}")


@CHECKS.check("read.status", "tells how the first cluster is", needs=["read.clusters"])
async def status(visit: Visit) -> None:
    """Verdict, findings, connection facts."""
    place = _place(visit)
    for level in ("concise", "detailed"):
        content = await visit.caller.call(
            "get_cluster_status", namespace=place.namespace, name=place.name, detail_level=level
        )
        require(content.get("verdict") in VERDICTS, f"the verdict is {content.get('verdict')}")
        for finding in rows(content, "findings"):
            complete = all(finding.get(part) for part in ("code", "severity", "message"))
            require(complete, f"a finding is not complete: {told(finding)}")


@CHECKS.check("read.roles", "lists the roles of the first cluster", needs=["read.clusters"])
async def roles(visit: Visit) -> None:
    """Where each is declared, and how far it is."""
    await _declared(visit, "roles")


@CHECKS.check("read.databases", "lists the databases of the first cluster", needs=["read.clusters"])
async def databases(visit: Visit) -> None:
    """Where each is declared, and how far it is."""
    await _declared(visit, "databases")


@CHECKS.check("read.error", "answers for a missing cluster with a code and a next step")
async def error(visit: Visit) -> None:
    """An error helps whoever gets it."""
    name = f"absent-{secrets.token_hex(4)}"
    found = await visit.caller.refused("get_cluster_status", name=name, **_where(visit))
    require(found["code"] == "not_found", f"the code is {told(found['code'])}")


@CHECKS.check("read.invalid", "answers for a wrong argument with the name of the field")
async def invalid(visit: Visit) -> None:
    """So that a model can mend its call."""
    found = await visit.caller.refused(_CLUSTERS, limit=0)
    fields = [each.get("field") for each in found.get("fields") or ()]
    require((found["code"], fields) == ("invalid", ["limit"]), f"it answers {told(found)}")


async def _list(visit: Visit, **arguments: object) -> Content:
    content = await visit.caller.call(_CLUSTERS, **_where(visit), **arguments)
    if rows(content, "clusters") or visit.options.namespace:
        return content
    return await visit.caller.call(_CLUSTERS, all_namespaces=True, **arguments)


async def _declared(visit: Visit, what: str) -> None:
    place = _place(visit)
    content = await visit.caller.call(
        f"list_postgres_{what}", namespace=place.namespace, cluster_name=place.name
    )
    for row in rows(content, what):
        complete = all(row.get(part) for part in ("name", "source", "state"))
        require(complete, f"a row is not complete: {told(row)}")


def _where(visit: Visit) -> dict[str, str]:
    return {"namespace": visit.options.namespace} if visit.options.namespace else {}


def _first(content: Content) -> Place | None:
    for row in rows(content, "clusters"):
        namespace = row.get("namespace") or content["scope"].get("namespace")
        if namespace and row.get("name"):
            return Place(str(namespace), str(row["name"]))
    return None


def _place(visit: Visit) -> Place:
    if visit.found is None:
        where = visit.options.namespace or "what the server may see"
        raise CheckSkipped(f"there is no cluster in {told(where)}")
    return visit.found
