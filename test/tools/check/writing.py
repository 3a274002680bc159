"""The life of a cluster that belongs to this run: from a dry run to its end."""

from collections.abc import Callable

from test.tools.check.calls import Content, ToolRefused, named
from test.tools.check.registry import Registry, Run, require
from test.tools.check.visit import Visit
from test.tools.speech import told

CHECKS = Registry()
WAIT = 45
"""Seconds that a call may wait: as long as the tools allow."""
_UNKNOWN_FATE = {"timeout", "unavailable", "internal"}
"""Codes after which what was asked for may still be done."""
_CREATE = "create_postgres_cluster"
_STATUS = "get_cluster_status"
_SIZE = {"instances": 1, "storage_size": "1Gi", "profile": "dev"}


def _step(name: str, about: str, *needs: str) -> Callable[[Run], Run]:
    return CHECKS.check(
        f"write.{name}", about, needs=[f"write.{each}" for each in needs], writes=True
    )


@_step("dry-run", "a dry run of a new cluster changes nothing")
async def dry_run(visit: Visit) -> None:
    """The API server and the operator have looked at it."""
    answer = await visit.caller.call(_CREATE, **visit.own.cluster, **_SIZE, dry_run=True)
    _outcome(answer, "dry_run")
    error = await visit.caller.refused(_STATUS, **visit.own.cluster)
    require(error["code"] == "not_found", "the cluster is there after a dry run")


@_step("create", "makes a cluster", "dry-run")
async def create(visit: Visit) -> None:
    """From here on something has to be removed, whatever is answered."""
    visit.own.made = True
    try:
        answer = await visit.caller.call(_CREATE, **visit.own.cluster, **_SIZE, wait_seconds=WAIT)
    except ToolRefused as refused:
        visit.own.made = refused.code != "already_exists"  # then it is somebody else's
        visit.own.answered = refused.code not in _UNKNOWN_FATE and "http_5" not in refused.code
        raise
    visit.own.answered = True
    _outcome(answer, "accepted", "applied")


@_step("status", "the new cluster becomes healthy", "create")
async def status(visit: Visit) -> None:
    """By the verdict, not by the phase."""
    await _healthy(visit, instances=1)


@_step("create-again", "the same call again changes nothing", "status")
async def create_again(visit: Visit) -> None:
    """A client that lost an answer may ask again."""
    answer = await visit.caller.call(_CREATE, **visit.own.cluster, **_SIZE)
    _outcome(answer, "unchanged")


@_step("create-role", "makes a role, and its password in a Secret", "status")
async def create_role(visit: Visit) -> None:
    """The answer names the Secret."""
    answer = await visit.caller.call(
        "create_postgres_role", **_role(visit), comment="made by a check", wait_seconds=WAIT
    )
    _outcome(answer, "applied", "accepted")
    secret = answer.get("secret") or {}
    require({"username", "password"} <= set(secret.get("keys") or ()), "it names no Secret")
    await _listed(visit, "roles", visit.own.role)


@_step("update-role", "changes one attribute of the role", "create-role")
async def update_role(visit: Visit) -> None:
    """Only what is given changes."""
    answer = await visit.caller.call(
        "update_postgres_role", **_role(visit), createdb=True, wait_seconds=WAIT
    )
    _outcome(answer, "applied", "accepted")
    row = await _listed(visit, "roles", visit.own.role)
    attributes = set(row.get("attributes") or ())
    require({"login", "createdb"} <= attributes, f"its attributes are {told(sorted(attributes))}")


@_step("rotate-password", "gives the role a new password by plan and code", "create-role")
async def rotate_password(visit: Visit) -> None:
    """A code acts once."""
    tool, arguments = "update_postgres_role", {**_role(visit), "rotate_password": True}
    plan = await visit.caller.call(tool, **arguments)
    _outcome(plan, "planned")
    code = plan.get("confirmation")
    answer = await visit.caller.call(tool, **arguments, confirmation=code, wait_seconds=WAIT)
    _outcome(answer, "applied", "accepted")
    error = await visit.caller.refused(tool, **arguments, confirmation=code)
    require(error["code"] == "confirmation_stale", f"the code works twice: {told(error)}")


@_step("create-database", "makes a database that the role owns", "create-role")
async def create_database(visit: Visit) -> None:
    """PostgreSQL has it."""
    answer = await visit.caller.call(
        "create_postgres_database", **_database(visit), owner=visit.own.role, wait_seconds=WAIT
    )
    _outcome(answer, "applied", "accepted")
    await _listed(visit, "databases", visit.own.database)


@_step("wrong-code", "a made-up code deletes nothing", "status")
async def wrong_code(visit: Visit) -> None:
    """The cluster stays."""
    error = await visit.caller.refused(
        "delete_postgres_cluster", **visit.own.cluster, without_backup=True, confirmation="made-up"
    )
    require(str(error["code"]).startswith("confirmation"), f"it answers {told(error)}")
    await _healthy(visit, instances=1)


@_step("delete-database", "drops the database by plan and code", "create-database")
async def delete_database(visit: Visit) -> None:
    """It is off the list."""
    answer = await visit.confirmed(
        "delete_postgres_database", **_database(visit), wait_seconds=WAIT
    )
    _outcome(answer, "applied", "accepted")
    await _unlisted(visit, "databases", visit.own.database)


@_step("delete-role", "drops the role by plan and code", "create-role", "delete-database")
async def delete_role(visit: Visit) -> None:
    """It owns nothing any more."""
    answer = await visit.confirmed("delete_postgres_role", **_role(visit), wait_seconds=WAIT)
    _outcome(answer, "applied", "accepted")
    await _unlisted(visit, "roles", visit.own.role)


@_step("scale-up", "adds an instance", "status")
async def scale_up(visit: Visit) -> None:
    """At once, without a plan."""
    answer = await visit.caller.call(
        "scale_postgres_cluster", **visit.own.cluster, instances=2, wait_seconds=WAIT
    )
    _outcome(answer, "applied", "accepted")
    await _healthy(visit, instances=2)


@_step("scale-down", "takes an instance away by plan and code", "scale-up")
async def scale_down(visit: Visit) -> None:
    """Its volume goes."""
    answer = await visit.confirmed(
        "scale_postgres_cluster", **visit.own.cluster, instances=1, wait_seconds=WAIT
    )
    _outcome(answer, "applied", "accepted")
    await _healthy(visit, instances=1)


@_step("backup-gate", "without a backup the plan to delete has a blocker", "status")
async def backup_gate(visit: Visit) -> None:
    """Unless it is said that none is wanted."""
    plan = await visit.caller.call("delete_postgres_cluster", **visit.own.cluster)
    blockers = [row.get("code") for row in plan.get("blockers") or ()]
    require(blockers and not plan.get("confirmation"), "nothing blocks it")


@_step("delete-cluster", "deletes the cluster by plan and code", "status")
async def delete_cluster(visit: Visit) -> None:
    """It is off the list."""
    answer = await visit.confirmed(
        "delete_postgres_cluster",
        **visit.own.cluster,
        without_backup=True,
        delete_dependents=True,
        wait_seconds=WAIT,
    )
    _outcome(answer, "applied", "accepted")

    async def look() -> Content:
        return await visit.caller.call(
            "list_postgres_clusters", namespace=visit.own.namespace, limit=500
        )

    await visit.until(look, lambda content: named(content, "clusters", visit.own.name) is None)


def _role(visit: Visit) -> dict[str, str]:
    return {**visit.own.within, "role_name": visit.own.role}


def _database(visit: Visit) -> dict[str, str]:
    return {**visit.own.within, "database_name": visit.own.database}


def _outcome(answer: Content, *expected: str) -> None:
    found = answer.get("outcome")
    require(found in expected, f"the outcome is {told(found)}: {told(dict(answer))}")


async def _healthy(visit: Visit, instances: int) -> None:
    def holds(content: Content) -> bool:
        counts = (content.get("instances"), content.get("ready"))
        return content.get("verdict") == "healthy" and counts == (instances, instances)

    await visit.until(lambda: visit.caller.call(_STATUS, **visit.own.cluster), holds)


async def _listed(visit: Visit, what: str, name: str) -> Content:
    """The row, once PostgreSQL has what it declares."""

    def holds(content: Content) -> bool:
        row = named(content, what, name)
        return row is not None and row.get("state") == "applied"

    content = await visit.until(lambda: _list(visit, what), holds)
    return named(content, what, name) or {}


async def _unlisted(visit: Visit, what: str, name: str) -> None:
    def gone(content: Content) -> bool:
        row = named(content, what, name)
        return row is None or row.get("state") == "dropped"

    await visit.until(lambda: _list(visit, what), gone)


async def _list(visit: Visit, what: str) -> Content:
    return await visit.caller.call(f"list_postgres_{what}", **visit.own.within, limit=500)
