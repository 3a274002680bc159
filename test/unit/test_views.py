"""Whatever an object holds, its view is made: one odd object does not hide the others."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.domain.status.evidence import SOURCES, Evidence
from cnpg_mcp.domain.status.verdict import assess
from cnpg_mcp.domain.views.cluster import Cluster
from cnpg_mcp.domain.views.declarative import DatabaseRole
from cnpg_mcp.domain.views.reports import InstanceReport
from cnpg_mcp.domain.views.workloads import Pod
from test.unit.build_cluster import NAME, NOW, healthy, instance_pod, meta

YEAR_ZERO = "0000-01-01T00:00:00Z"

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([YEAR_ZERO, "2026-01-01T00:00:00", "1", "[" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def every_path(value: Any, prefix: tuple = ()) -> list[tuple]:
    items = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    return [
        path for key, one in items for path in ((*prefix, key), *every_path(one, (*prefix, key)))
    ]


def replaced(value: Any, path: tuple, new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


WHOLE = healthy(
    backup={"barmanObjectStore": {}},
    managed={"roles": [{"name": "a", "validUntil": "2030-01-01T00:00:00Z"}]},
    plugins=[{"name": "p", "enabled": True}],
    resources={"limits": {"memory": "1Gi"}},
    postgresql={"synchronous": {"number": 1}, "parameters": {"a": "b"}},
).annotate("cnpg.io/fencedInstances", "[]")


@given(st.sampled_from([(), *every_path(WHOLE.cluster)]), anything)
def test_any_value_anywhere_in_a_cluster_is_taken(path, value):
    cluster = Cluster.parse(replaced(WHOLE.cluster, path, value))
    assess(Evidence(cluster=cluster), NOW)


@given(st.sampled_from(every_path(WHOLE.parts)), anything)
def test_any_value_anywhere_in_the_rest_is_taken(path, value):
    changed = replaced(WHOLE.parts, path, value)[path[0]]
    for one in changed if isinstance(changed, list) else [changed]:
        SOURCES[path[0]].view.parse(one)


@given(anything)
def test_any_report_is_taken(body):
    InstanceReport.parse(
        "db-1", 200, {"isPrimary": body, "replicationInfo": [body, {"state": body}]}
    )


def test_object_without_faults_is_not_looked_at_twice(monkeypatch):
    monkeypatch.setattr("cnpg_mcp.domain.views.base._without", None)
    assert Pod.parse(instance_pod("db-1", "primary")).is_ready


@pytest.mark.parametrize("odd", [YEAR_ZERO, [], {"a": 1}, "never"])
def test_only_what_is_at_fault_is_missing(odd):
    sound = {"name": "b", "login": True, "connectionLimit": 5}
    roles = [{"name": "a", "login": True, "validUntil": odd}, sound]
    obj = {"metadata": meta(NAME), "spec": {"instances": 2, "managed": {"roles": roles}}}
    cluster = Cluster.parse(obj)
    odd_role, sound_role = cluster.spec.managed.roles
    assert (cluster.name, cluster.spec.instances) == (NAME, 2)
    assert (odd_role.name, odd_role.login, odd_role.valid_until) == ("a", True, None)
    assert (sound_role.name, sound_role.connection_limit) == ("b", 5)


def test_odd_item_of_a_list_is_missing_alone():
    cluster = Cluster.parse({"status": {"instanceNames": ["db-1", 5, {}, "db-2"]}})
    assert cluster.status.instance_names == ("db-1", "db-2")


def test_odd_quantity_is_missing_alone():
    limits = {"memory": {"str": ["a"]}, "cpu": "1"}
    assert Cluster.parse({"spec": {"resources": {"limits": limits}}}).spec.resources.limits == {
        "cpu": "1"
    }


def test_time_without_zone_is_missing():
    role = DatabaseRole.parse({"metadata": {"creationTimestamp": "2026-01-01T00:00:00"}})
    assert role.metadata.creation_timestamp is None


@pytest.mark.parametrize("asked", [YEAR_ZERO, "2026-01-01T00:00:00", "now", ""])
def test_restart_at_no_proper_time_is_none(asked):
    cluster = Cluster.parse(
        {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": asked}}}
    )
    assert cluster.restarted_at is None


def test_name_that_no_object_can_have_is_missing():
    pod = Pod.parse(
        {"metadata": {"name": "db-1\n", "labels": {"cnpg.io/podRole": "a\nb", "c": "d"}}}
    )
    assert (pod.name, pod.metadata.labels) == ("", {"c": "d"})


@pytest.mark.parametrize(
    ("backup", "configured"),
    [({}, False), ({"volumeSnapshot": {}}, True), ({"barmanObjectStore": {}}, True)],
)
def test_snapshots_are_backups(backup, configured):
    assert Cluster.parse({"spec": {"backup": backup}}).backs_up is configured


@pytest.mark.parametrize("names", ["[" * 100_000, "{}", "no JSON", "[1, null]"])
def test_malformed_fencing_fences_none(names):
    cluster = Cluster.parse({"metadata": {"annotations": {"cnpg.io/fencedInstances": names}}})
    assert cluster.fenced == frozenset()
