"""The webhooks of the demo, without an API server."""

from collections.abc import Iterator
from copy import deepcopy
from http import HTTPStatus
from typing import Any

import pytest

from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from cnpg_mcp.demo.kubernetes.failures import Failure
from cnpg_mcp.demo.operator.admission import Webhooks
from cnpg_mcp.demo.operator.admission.amounts import amount, canonical, size
from cnpg_mcp.demo.operator.definitions import definitions
from cnpg_mcp.demo.recordings import load, names
from test.demo import bodies, other_bodies
from test.demo.deciding import ours

LISTS = {
    "databases": "Database",
    "databaseroles": "DatabaseRole",
    "backups": "Backup",
    "scheduledbackups": "ScheduledBackup",
    "poolers": "Pooler",
    "imagecatalogs": "ImageCatalog",
}


def _cluster(**spec: Any) -> KubeObject:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "pg", "namespace": "shop"},
        "spec": {"instances": 1, "storage": {"size": "1Gi"}, **spec},
    }


def _stored(**spec: Any) -> KubeObject:
    body = _cluster(**spec)
    return {**body, "spec": ours(body).spec}


def _recorded(name: str) -> list[KubeObject]:
    situation = load(name)
    found = [(kind, each) for plural, kind in LISTS.items() for each in situation.get(plural) or ()]
    if situation.get("cluster"):
        found.append(("Cluster", situation["cluster"]))
    served = {"apiVersion": "postgresql.cnpg.io/v1"}
    return [{**served, "kind": kind, **each} for kind, each in found]


@pytest.mark.parametrize("name", names())
def test_recorded_objects_fit_their_schemas(name):
    known = {each.kind.kind: each.schema for each in definitions()}
    for each in _recorded(name):
        schema = known[each["kind"]]
        assert schema is not None
        assert schema.unknown(each) == []
        assert schema.causes(each, each) == []


BELOW_ITS_QUORUM = "scale-below-sync-quorum"
"""Made by `/scale`, which no webhook sees."""


@pytest.mark.parametrize("name", [each for each in names() if each != BELOW_ITS_QUORUM])
def test_recorded_clusters_are_admitted_as_they_are(name):
    for each in _recorded(name):
        if each["kind"] == "Cluster":
            assert Webhooks().admit(BY_KIND["Cluster"], each, each).object["spec"] == each["spec"]


def test_a_cluster_below_its_quorum_is_refused_every_change():
    cluster = next(each for each in _recorded(BELOW_ITS_QUORUM) if each["kind"] == "Cluster")
    with pytest.raises(Failure, match=r"spec\.postgresql\.synchronous"):
        Webhooks().admit(BY_KIND["Cluster"], cluster, cluster)


def test_defaulting_twice_changes_nothing():
    stored = _stored(instances=3)
    again = ours(stored, stored)
    assert again.spec == stored["spec"]


def test_a_refused_create_and_a_refused_change_name_the_kind_differently():
    created = ours(_cluster(storage={"size": "x"}))
    assert created.message.startswith(
        'admission webhook "vcluster.cnpg.io" denied the request:'
        ' Cluster.postgresql.cnpg.io "pg" is invalid: spec.storage.size:'
    )
    old = _stored(storage={"size": "2Gi"})
    changed = {**old, "spec": {**old["spec"], "storage": {"size": "1Gi"}}}
    assert ours(changed, old).about == ("Cluster", "cluster.cnpg.io")


def test_a_schema_cause_comes_before_those_of_the_webhook():
    found = ours(_cluster(instances=0, storage={"size": "x"}))
    assert {field for _, field, _ in found.causes} == {"spec.instances"}


@pytest.mark.parametrize(
    ("kind", "webhook", "path"),
    [
        ("Cluster", "mcluster", "mutate-postgresql-cnpg-io-v1-cluster"),
        ("Database", "mdatabase", "mutate-postgresql-cnpg-io-v1-database"),
        ("Pooler", "vpooler", "validate-postgresql-cnpg-io-v1-pooler"),
    ],
)
def test_an_operator_that_does_not_answer_refuses_every_write(kind, webhook, path):
    body = {**_cluster(), "kind": kind}
    body["spec"] = {"cluster": {"name": "pg"}, "name": "a", "owner": "b", "pgbouncer": {}}
    with pytest.raises(Failure) as refused:
        Webhooks(answer=False).admit(BY_KIND[kind], body, None)
    assert refused.value.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert refused.value.reason == "InternalError"
    assert f'failed calling webhook "{webhook}.cnpg.io"' in refused.value.message
    assert f"/{path}?timeout=10s" in refused.value.message
    assert refused.value.message.endswith("connect: connection refused")


def test_a_role_object_needs_no_operator():
    role = {**_cluster(), "kind": "DatabaseRole"}
    assert Webhooks(answer=False).admit(BY_KIND["DatabaseRole"], role, None).object == role


def test_webhooks_answer_again():
    hooks = Webhooks(answer=False)
    hooks.answer = True
    body = _cluster()
    before = deepcopy(body)
    definition = next(each for each in definitions(admission=hooks) if each.kind.kind == "Cluster")
    assert definition.schema is not None
    made = hooks.admit(definition.kind, definition.schema.defaulted(body), None)
    assert made.object["spec"]["imageName"]
    assert body == before


def test_the_kind_of_1_30_can_be_left_out():
    assert "DatabaseRole" not in {each.kind.kind for each in definitions(databaserole=False)}


def test_without_an_admission_nobody_admits():
    assert {each.admission for each in definitions()} == {None}


def test_columns_read_what_is_there_and_nothing_else():
    columns = {each.name: each for each in definitions()[0].columns}
    assert columns["Status"].read({"status": {"phase": "x"}}) == "x"
    assert columns["Status"].read({}) is None


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("1.5Gi", "1536Mi"),
        ("1024Mi", "1Gi"),
        ("1000Mi", "1000Mi"),
        (0.5, "500m"),
        (2, "2"),
        ("1000000", "1M"),
        ("0", "0"),
        ("abc", None),
        (True, None),
        ([1], None),
    ],
)
def test_quantities_are_written_as_kubernetes_does(given, written):
    assert canonical(given) == written


def test_sizes_of_postgresql_and_of_kubernetes_are_different_things():
    assert size("1GB") == amount("1Gi")
    assert size("1Gi") is None
    assert size("16", 8192) == 131072


ODD = (None, True, -1, 1.5, "", "x", "9" * 400, [], [None], [{}], {}, {"": None}, {"x": [{}]})
TABLES = {
    "Cluster": bodies.CLUSTERS,
    "Database": other_bodies.DATABASES,
    "DatabaseRole": other_bodies.ROLES,
    "Backup": other_bodies.BACKUPS,
    "ScheduledBackup": other_bodies.SCHEDULED,
    "Pooler": other_bodies.POOLERS,
}


@pytest.mark.parametrize("kind", TABLES)
def test_malformed_bodies_are_answered(kind):
    base = {"instances": 1, "storage": {"size": "1Gi"}} if kind == "Cluster" else {}
    for given in TABLES[kind].values():
        spec = {**base, **given}
        for path in list(_places(spec)):
            for odd in ODD:
                body = {**_cluster(), "kind": kind, "spec": _replaced(spec, path, odd)}
                assert ours(body).status in (201, 400, 422)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, each in inner:
        yield from _places(each, (*path, key))


def _replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    if not path:
        return by
    copy = value.copy()
    copy[path[0]] = _replaced(value[path[0]], path[1:], by)
    return copy
