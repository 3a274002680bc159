"""That the comparison sees what matters, and only that."""

import pytest

from test.demo.same.compare import Step, differences
from test.demo.same.exchange import Answer, get
from test.demo.same.normal import Normaliser

_UIDS = ("11111111-2222-3333-4444-555555555555", "99999999-8888-7777-6666-555555555555")


def normal(*bodies, status=200, warnings=(), namespace="room-one"):
    """The answers of one scene."""
    normaliser = Normaliser(namespace)
    return [
        Step("", normaliser.normal(get("/"), Answer(status, {}, warnings, body))) for body in bodies
    ]


def stored(uid, version, **metadata):
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"uid": uid, "resourceVersion": str(version), **metadata},
    }


def told(one, other):
    return [each.path for each in differences("scene", one, other)]


def test_names_of_namespaces_uids_versions_and_times_do_not_matter():
    at = "creationTimestamp"
    one = normal(stored(_UIDS[0], 7, namespace="room-one", **{at: "2001-01-01T00:00:00Z"}))
    body = stored(_UIDS[1], 12, namespace="room-two", **{at: "2009-09-09T09:09:09Z"})
    assert told(one, normal(body, namespace="room-two")) == []


def test_a_version_that_does_not_change_matters():
    changed = normal(stored(_UIDS[0], 7), stored(_UIDS[0], 8))
    kept = normal(stored(_UIDS[1], 3), stored(_UIDS[1], 3))
    assert told(changed, kept) == ["body.metadata.resourceVersion"]


def test_another_uid_on_the_way_matters():
    same = normal(stored(_UIDS[0], 1), stored(_UIDS[0], 1))
    new = normal(stored(_UIDS[0], 1), stored(_UIDS[1], 1))
    assert "body.metadata.uid" in told(same, new)


@pytest.mark.parametrize("answer", [{"status": 201}, {"warnings": ['299 - "a"']}])
def test_status_and_warnings_matter(answer):
    assert told(normal({}), normal({}, **answer))


def test_fields_and_their_types_matter():
    assert told(normal({"a": 1}), normal({"a": True})) == ["body.a"]
    assert told(normal({"a": 1}), normal({})) == ["body.a"]
    assert told(normal({"a": [1]}), normal({"a": [1, 2]})) == ["body.a"]
    assert told(normal({"a": None}), normal({})) == ["body.a"]


def test_a_scene_that_is_longer_matters():
    assert told(normal({}, {}), normal({})) == ["how many exchanges there were"]
