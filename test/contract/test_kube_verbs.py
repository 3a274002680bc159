"""The verbs of `kube`, with the traps that an API server has."""

import asyncio
import functools

import pytest

from cnpg_mcp.domain.plans.passage import anew
from cnpg_mcp.domain.resources import CLUSTERS, DATABASES
from cnpg_mcp.kube.client import Kube, Preconditions, Selection
from cnpg_mcp.kube.connection import ConnectionSource, connect
from cnpg_mcp.kube.errors import (
    AlreadyExists,
    BadRequest,
    ConfigurationError,
    Conflict,
    Gone,
    Invalid,
    NotFound,
)
from cnpg_mcp.kube.objects import Resource
from cnpg_mcp.kube.tables import IncludeObject
from cnpg_mcp.kube.transport import Transport
from test.controlplane.clusters import cluster, healthy_cluster

MISSING = Resource("postgresql.cnpg.io", "v1", "publishers", "Publisher")


@pytest.fixture
async def kube(backend):
    source = ConnectionSource(str(backend.admin_kubeconfig))
    client = Kube(Transport(functools.partial(connect, source)))
    yield client
    await client.close()


@pytest.fixture
async def namespace(backend):
    name = backend.create_namespace()
    yield name
    backend.delete_namespace(name)


@pytest.fixture
async def admin(backend):
    async with backend.admin() as client:
        yield client


@pytest.fixture
async def stored(kube, namespace):
    return (await kube.create(CLUSTERS, namespace, cluster(namespace))).object


def preconditions(obj, version=True):
    meta = obj["metadata"]
    return Preconditions(meta["uid"], meta["resourceVersion"] if version else None)


async def exists(kube, namespace, name="pg"):
    try:
        return await kube.get(CLUSTERS, namespace, name)
    except NotFound:
        return None


async def test_dry_run_delete_deletes_nothing(kube, namespace, stored):
    await kube.delete(CLUSTERS, namespace, "pg", preconditions(stored, version=False), dry_run=True)
    assert (await exists(kube, namespace))["metadata"]["uid"] == stored["metadata"]["uid"]


async def test_delete_refuses_another_uid(kube, namespace, stored):
    with pytest.raises(Conflict):
        await kube.delete(CLUSTERS, namespace, "pg", Preconditions("another-uid"))
    assert await exists(kube, namespace)


async def test_delete_refuses_an_older_resource_version(kube, namespace, stored):
    await kube.patch(CLUSTERS, namespace, "pg", {"metadata": {"annotations": {"seen": "1"}}})
    with pytest.raises(Conflict):
        await kube.delete(CLUSTERS, namespace, "pg", preconditions(stored))
    assert await exists(kube, namespace)


async def test_delete_that_fits_is_carried_out(kube, namespace, stored):
    await kube.delete(CLUSTERS, namespace, "pg", preconditions(stored, version=False))
    assert await exists(kube, namespace) is None


async def test_dry_run_create_stores_nothing_and_fills_defaults(kube, namespace):
    written = await kube.create(CLUSTERS, namespace, cluster(namespace), dry_run=True)
    assert written.object["spec"]["imageName"]
    assert await exists(kube, namespace) is None


async def test_dry_run_patch_stores_nothing(kube, namespace, stored):
    written = await kube.patch(CLUSTERS, namespace, "pg", {"spec": {"instances": 2}}, dry_run=True)
    assert written.object["spec"]["instances"] == 2
    assert (await exists(kube, namespace))["spec"]["instances"] == 1


async def test_warnings_of_the_webhook_come_with_the_answer(kube, namespace):
    parameters = {"parameters": {"shared_buffers": "16384"}}
    body = cluster(namespace, postgresql=parameters)
    written = await kube.create(CLUSTERS, namespace, body, dry_run=True)
    assert any("shared_buffers" in warning for warning in written.warnings)


async def test_unknown_field_is_refused(kube, namespace):
    with pytest.raises(BadRequest):
        await kube.create(CLUSTERS, namespace, cluster(namespace, instnces=3))
    assert await exists(kube, namespace) is None


async def test_refusal_names_every_field(kube, namespace):
    wrong = {"storage": {"size": "nonsense"}, "imageName": "registry.example/postgresql:latest"}
    with pytest.raises(Invalid) as raised:
        await kube.create(CLUSTERS, namespace, cluster(namespace, **wrong))
    assert {cause.field for cause in raised.value.causes} >= {"spec.storage.size", "spec.imageName"}


async def test_second_create_of_a_name_already_exists(kube, namespace, stored):
    with pytest.raises(AlreadyExists):
        await kube.create(CLUSTERS, namespace, cluster(namespace))


async def test_patch_with_an_older_resource_version_is_a_conflict(kube, namespace, stored):
    version = stored["metadata"]["resourceVersion"]
    await kube.patch(CLUSTERS, namespace, "pg", {"metadata": {"annotations": {"seen": "1"}}})
    late = {"metadata": {"resourceVersion": version, "annotations": {"seen": "2"}}}
    with pytest.raises(Conflict):
        await kube.patch(CLUSTERS, namespace, "pg", late)


async def test_json_patch_is_sent_as_such(kube, namespace, stored):
    operations = [{"op": "replace", "path": "/spec/instances", "value": 2}]
    written = await kube.patch(CLUSTERS, namespace, "pg", operations)
    assert written.object["spec"]["instances"] == 2


async def test_writers_that_retry_on_conflict_lose_nothing(kube, namespace, stored):
    async def add(name):
        async def change():
            current = await kube.get(CLUSTERS, namespace, "pg")
            meta = current["metadata"]
            names = [*meta.get("annotations", {}).get("names", "").split(), name]
            patch = {"annotations": {"names": " ".join(names)}}
            version = {"resourceVersion": meta["resourceVersion"]}
            await kube.patch(CLUSTERS, namespace, "pg", {"metadata": {**patch, **version}})

        await anew(change, tries=12)

    await asyncio.gather(*(add(f"writer-{number}") for number in range(4)))
    kept = (await exists(kube, namespace))["metadata"]["annotations"]["names"].split()
    assert sorted(kept) == [f"writer-{number}" for number in range(4)]


async def test_missing_object_and_missing_resource_are_told_apart(kube, namespace):
    with pytest.raises(NotFound) as no_object:
        await kube.get(DATABASES, namespace, "nothing")
    with pytest.raises(NotFound) as no_resource:
        await kube.list(MISSING, Selection(namespace))
    assert not no_object.value.names_no_object
    assert no_resource.value.names_no_object


async def test_continue_token_of_a_compacted_list_is_gone(kube, backend, namespace, stored):
    await kube.create(CLUSTERS, namespace, cluster(namespace, "second"))
    first = await kube.list(CLUSTERS, Selection(namespace, limit=1))
    await kube.patch(CLUSTERS, namespace, "pg", {"metadata": {"annotations": {"seen": "1"}}})
    backend.expire_continue_tokens()
    with pytest.raises(Gone):
        await kube.list(
            CLUSTERS, Selection(namespace, limit=1, continue_token=first.continue_token)
        )


@pytest.mark.parametrize("include", list(IncludeObject))
async def test_table_has_the_print_columns(kube, admin, namespace, include):
    await healthy_cluster(admin, namespace)
    table = await kube.table(CLUSTERS, Selection(namespace), include)
    assert list(table.select("Name", "Ready", "Absent", "Primary")) == [("pg", 1, None, "pg-1")]
    (metadata,) = table.metadata()
    assert metadata.get("namespace") == (namespace if include == "Metadata" else None)


async def test_context_that_does_not_exist_is_a_configuration_error(backend):
    source = ConnectionSource(str(backend.admin_kubeconfig), "no-such-context")
    with pytest.raises(ConfigurationError):
        await connect(source)
