"""create_postgres_cluster refuses what cannot be right, before anything exists."""

import pytest

from test.contract.caller import Caller, failure, fields
from test.contract.conftest import Refused
from test.contract.site import Site

TOOL = "create_postgres_cluster"
NAMES = ("Upper", "under_score", "x" * 60, "1digit", "-dash", "dash-", "dot.dot", "", "ünicode")
SIZES = ("10 gigs", "0", "-1Gi", "", "NaN", "inf", "1e9Gi", "1" * 5000)
SYNCHRONOUS = {"instances": 2, "synchronous_replicas": 2}

BY_FIELD = [
    *(({"name": name}, "name") for name in NAMES),
    *(({"storage_size": size}, "storage_size") for size in SIZES),
    *(({argument: "NaN"}, argument) for argument in ("wal_storage_size", "memory", "cpu")),
    ({"instances": 0}, "instances"),
    ({"instances": -1}, "instances"),
    ({"instances": "three"}, "instances"),
    ({"wait_seconds": 46}, "wait_seconds"),
    ({"parameters": {"max_conections": "50"}}, "parameters.max_conections"),
    ({"parameters": {"work_mem": ["4MB"]}}, "work_mem"),
    ({"parameters": {"zz.x = '1'\narchive_command": "touch /tmp/x"}}, "parameters"),
    ({"database": "streaming_replica"}, "database"),
    ({"synchronous_replicas": 1}, "synchronous_replicas"),
    ({"parameters": ["a"]}, "parameters"),
    ({"labels": {"cnpg.io/cluster": "x"}}, "cnpg.io/cluster"),
    ({"labels": {"app.kubernetes.io/name": "x"}}, "app.kubernetes.io/name"),
    ({"labels": {"cnpg-mcp.io/x": "x"}}, "cnpg-mcp.io/x"),
    ({"database": "postgres"}, "database"),
    ({"database": "template1"}, "database"),
    ({"database": "d" * 64}, "database"),
    ({"database": "ü" * 32}, "database"),
    ({"database": ""}, "database"),
    ({"owner": "postgres"}, "owner"),
    ({"owner": "pg_monitor"}, "owner"),
    ({"owner": "streaming_replica"}, "owner"),
    ({"owner": "cnpg_pooler_pgbouncer"}, "owner"),
    ({"owner": "o" * 64}, "owner"),
    ({"postgres_version": "latest"}, "postgres_version"),
    ({"postgres_version": "9.6"}, "postgres_version"),
    (SYNCHRONOUS, "synchronous_replicas"),
    ({"profile": "staging"}, "profile"),
    ({"profile": "production"}, "storage_size"),
    ({"instance": 3}, "instance"),
    ({"namespace": "No_Such"}, "namespace"),
]
"""Arguments that cannot be right, and the field that the error has to name."""

LOADING = (
    "shared_preload_libraries",
    "Session_Preload_Libraries",
    "archive_command",
    "dynamic_library_path",
)

BY_THE_API_SERVER = [
    ({"memory": "64Mi", "parameters": {"shared_buffers": "128MB"}}, ["spec.resources.requests"]),
    ({"labels": {"not a key": "x"}}, ["metadata.labels"]),
    (
        {"instances": 2, "parameters": {"port": "1", "wal_level": "minimal"}},
        [
            "spec.postgresql.parameters.max_wal_senders",
            "spec.postgresql.parameters.port",
            "spec.postgresql.parameters.wal_level",
        ],
    ),
]
"""What only the API server and the operator's webhook know; every cause comes through."""


@pytest.fixture
async def nothing_made(site: Site):
    """Judges afterwards that no cluster exists."""
    yield
    assert await site.admin.list("clusters", site.namespace) == []


@pytest.mark.usefixtures("nothing_made")
class TestRefusals:
    @pytest.mark.parametrize(("arguments", "field"), BY_FIELD, ids=str)
    async def test_names_the_field(
        self, refused: Refused, arguments: dict[str, object], field: str
    ) -> None:
        error = await refused(TOOL, **{"name": "orders", **arguments})
        assert error["code"] == "invalid"
        assert any(field in named for named in fields(error))

    @pytest.mark.parametrize("parameter", LOADING)
    async def test_parameters_that_load_code_are_refused_or_planned(
        self, site: Site, caller: Caller, parameter: str
    ) -> None:
        result = await caller.ask(TOOL, {"name": "orders", "parameters": {parameter: "x"}})
        if result.is_error:  # the operator's webhook refuses it by itself
            assert failure(result)["code"] == "invalid"
        else:
            loaded = [
                row for row in result.structured_content["effects"] if row["fate"] == "loaded"
            ]
            assert [row["name"] for row in loaded] == [parameter.lower()]
        assert await site.admin.list("clusters", site.namespace) == []

    @pytest.mark.parametrize(("arguments", "causes"), BY_THE_API_SERVER, ids=str)
    @pytest.mark.parametrize("dry_run", [True, False])
    async def test_every_cause_of_the_api_servers_refusal_comes_through(
        self, refused: Refused, arguments: dict[str, object], causes: list[str], dry_run: bool
    ) -> None:
        error = await refused(TOOL, name="orders", **arguments, dry_run=dry_run)
        assert (error["code"], sorted(fields(error))) == ("invalid", causes)

    async def test_storage_class_that_does_not_exist_is_refused_where_classes_may_be_seen(
        self, site: Site
    ) -> None:
        mcp = await site.user(cluster_facts=True)
        error = await mcp.refused(TOOL, name="orders", storage_class="nowhere")
        assert (error["code"], fields(error)) == ("invalid", {"storage_class"})

    async def test_namespace_that_does_not_exist_is_not_found(self, site: Site) -> None:
        mcp = await site.user(cluster_facts=True)
        error = await mcp.refused(TOOL, name="orders", namespace="nowhere")
        assert error["code"] == "not_found"

    async def test_several_wrong_arguments_are_all_named(self, refused: Refused) -> None:
        error = await refused(TOOL, name=3, instances="x", wait_seconds=-1)
        assert fields(error) == {"name", "instances", "wait_seconds"}
