"""get_cluster_status: the verdict on live clusters, how to connect, and what less rights leave."""

import base64
from datetime import UTC, datetime

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.domain.status.evidence import INSTANCE_REPORTS, SOURCES
from test.contract.arrange import reachable_cluster
from test.contract.caller import Answer, fields
from test.contract.conftest import Call, Refused
from test.contract.site import Site
from test.controlplane.clusters import cluster

TOOL = "get_cluster_status"
REPORTS = {INSTANCE_REPORTS: "forbidden"}
"""What the chart's usual Role does not show: reports need a Role of their own."""


def problems(answer: Answer) -> list[str]:
    """The codes of warnings and criticals."""
    return [each["code"] for each in answer.content["findings"] if each["severity"] != "info"]


@pytest.fixture
async def look(site: Site, steady: str) -> Call:
    """Calls tools as the usual user of the namespace with the steady cluster."""
    return (await site.user(namespaces=[steady])).call


async def test_healthy_cluster_is_healthy_without_problems(steady: str, look: Call) -> None:
    answer = await look(TOOL, name="pg")
    assert (answer.content["verdict"], problems(answer)) == ("healthy", [])
    facts = [answer.content[key] for key in ("namespace", "name", "primary", "ready", "instances")]
    assert facts == [steady, "pg", "pg-1", 2, 2]


async def test_detail_lists_the_instances(look: Call) -> None:
    answer = await look(TOOL, name="pg", detail_level="detailed")
    roles = {pod["name"]: (pod["role"], pod["ready"]) for pod in answer.content["pods"]}
    assert roles == {"pg-1": ("primary", True), "pg-2": ("replica", True)}


async def test_services_that_it_names_exist(site: Site, look: Call) -> None:
    services = (await look(TOOL, name="pg")).content["connection"]["services"]
    assert services.pop("port") == 5432
    for kind in ("read_write", "read_only", "read"):
        name, namespace, _ = services.pop(kind).split(".")
        assert (await site.admin.get("services", namespace, name))["spec"]["ports"]
    assert services == {}


async def test_secret_that_it_names_has_the_keys_that_it_names(
    site: Site, steady: str, look: Call
) -> None:
    connection = (await look(TOOL, name="pg")).content["connection"]
    secret = await site.admin.get("secrets", steady, connection["secret"]["name"])
    assert set(connection["secret"]["keys"]) == set(secret["data"])
    assert (connection["database"], connection["user"]) == ("app", "app")


async def test_password_is_never_shown(site: Site, steady: str, look: Call) -> None:
    secret = await site.admin.get("secrets", steady, "pg-app")
    password = base64.b64decode(secret["data"]["password"]).decode()
    answer = await look(TOOL, name="pg", detail_level="detailed")
    assert password not in f"{answer.text}{answer.content}"


async def test_broken_neighbour_of_a_similar_name_is_not_blamed_on_the_cluster(
    site: Site, call: Call
) -> None:
    await reachable_cluster(site)
    neighbour = cluster(site.namespace, "pg-2")
    neighbour["metadata"]["annotations"] = {"nodesim/image-pull": "no such image"}
    await site.admin.create(neighbour)
    await site.admin.wait_for("pods", site.namespace, "pg-2-1", _waits)
    assert problems(await call(TOOL, name="pg")) == []
    assert (await call(TOOL, name="pg-2")).content["verdict"] == "down"


def _waits(pod: KubeObject) -> bool:
    states = pod["status"].get("containerStatuses") or pod["status"].get("initContainerStatuses")
    return any("waiting" in each["state"] for each in states or ())


async def test_newest_completed_backup_is_told(quiet_site: Site) -> None:
    quiet_site.backend.fill(quiet_site.namespace, 1, {})
    body = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Backup",
        "metadata": {"name": "nightly", "namespace": quiet_site.namespace},
        "spec": {"cluster": {"name": "orders-db-000"}},
    }
    await quiet_site.admin.create(body)
    ended = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"phase": "completed", "stoppedAt": ended}
    await quiet_site.admin.patch_status("backups", quiet_site.namespace, "nightly", status)
    answer = await (await quiet_site.user()).call(TOOL, name="orders-db-000")
    assert answer.content["newest_backup"] == ended
    assert "the newest completed backup is of" in answer.text


# --- what does not exist ---


async def test_cluster_that_does_not_exist_is_not_found(refused: Refused) -> None:
    assert (await refused(TOOL, name="absent"))["code"] == "not_found"


async def test_namespace_that_does_not_exist_is_not_found(site: Site) -> None:
    mcp = await site.user(cluster_facts=True)
    error = await mcp.refused(TOOL, name="pg", namespace="nowhere")
    assert error["code"] == "not_found"


@pytest.mark.parametrize("name", ["Upper", "under_score", "x" * 60, "1digit", "-dash", "a/b", ""])
async def test_name_that_cannot_be_is_refused_by_field(refused: Refused, name: str) -> None:
    error = await refused(TOOL, name=name)
    assert (error["code"], fields(error)) == ("invalid", {"name"})


# --- with less ---


@pytest.mark.parametrize("part", SOURCES)
async def test_part_that_may_not_be_read_is_named_and_the_rest_answers(
    site: Site, steady: str, part: str
) -> None:
    dropped = {(SOURCES[part].resource.plural, "list")}
    mcp = await site.user(namespaces=[steady], cluster_facts=True, without=dropped)
    answer = await mcp.call(TOOL, name="pg")
    assert answer.content["unseen"] == {part: "forbidden", **REPORTS}
    assert part in answer.text


async def test_shipped_rights_leave_nothing_but_reports_unseen(site: Site, steady: str) -> None:
    mcp = await site.user(namespaces=[steady], cluster_facts=True)
    assert (await mcp.call(TOOL, name="pg")).content["unseen"] == REPORTS


async def test_nothing_but_the_cluster_readable_still_answers(site: Site, steady: str) -> None:
    dropped = {(source.resource.plural, "list") for source in SOURCES.values()}
    mcp = await site.user(namespaces=[steady], without=dropped)
    answer = await mcp.call(TOOL, name="pg")
    assert answer.content["verdict"] == "healthy"
    assert set(answer.content["unseen"]) == {*SOURCES, *REPORTS}


async def test_new_cluster_is_seen_wholly(site: Site) -> None:
    await reachable_cluster(site)
    mcp = await site.user(cluster_facts=True)
    answer = await mcp.call(TOOL, name="pg")
    assert answer.content["verdict"] == "healthy"
    assert answer.content["unseen"] == REPORTS
