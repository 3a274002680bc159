"""Merge patches and JSON patches: those that fit, and those that do not."""

from test.demo.same.exchange import (
    JSON,
    JSON_PATCH,
    MERGE,
    Exchange,
    Script,
    at,
    get,
    json_patch,
    merge,
    post,
    strategic,
)
from test.demo.same.objects import cluster, database, labelled, secret


def _patch(path: str, body: object, content_type: str) -> Exchange:
    return Exchange("PATCH", path, {}, body, (("Content-Type", content_type),))


def merges(namespace: str) -> Script:
    yield post(at("clusters", namespace), labelled(cluster(namespace), a="1", b="2"))
    path = at("clusters", namespace, "pg")
    for patch in (
        {"metadata": {"labels": {"a": None, "c": "3"}}},
        {"spec": {"instances": 3}},
        {"spec": {"instances": 3}},
        {"spec": {"postgresql": {"parameters": {"max_connections": "50"}}}},
        {"spec": {"postgresql": {"parameters": None}}},
        {"spec": {"managed": {"roles": [{"name": "a"}, {"name": "b"}]}}},
        {"spec": {"managed": {"roles": [{"name": "c"}]}}},
        {},
        {"metadata": {"annotations": {"x": "1"}}, "spec": {"instances": 2}},
    ):
        yield merge(path, patch)


def merges_of_a_secret(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    path = at("secrets", namespace, "credentials")
    yield merge(path, {"data": {"password": "cHc=", "username": None}})
    yield merge(path, {"stringData": {"more": "text"}})
    yield merge(path, {"type": "other"})
    yield merge(path, {"data": {"password": 5}})


def merges_that_do_not_fit(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    path = at("clusters", namespace, "pg")
    for patch in (
        {"spec": {"instances": "three"}},
        {"spec": {"instances": 0}},
        {"spec": None},
        {"spec": {"storage": None}},
        {"metadata": None},
        {"kind": "Database"},
        {"apiVersion": "v1"},
        {"kind": None},
    ):
        yield merge(path, patch)


def patches_that_are_none(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield post(at("secrets", namespace), secret(namespace))
    for path in (at("clusters", namespace, "pg"), at("secrets", namespace, "credentials")):
        for body in (b"", b"{", b"[]", b"null", b"1", b'"text"', b"nonsense"):
            yield _patch(path, body, MERGE)
        for body in (b"", b"{", b"{}", b"null", b"1", b"[1]", b"[{}]", b"[]"):
            yield _patch(path, body, JSON_PATCH)


def what_cannot_be_changed(namespace: str) -> Script:
    for plural, name, body in (
        ("clusters", "pg", cluster(namespace)),
        ("secrets", "credentials", secret(namespace)),
    ):
        yield post(at(plural, namespace), body)
        for metadata in (
            {"name": "other"},
            {"namespace": "other"},
            {"uid": "0f6a3a4e-31a4-4a3e-9f37-5f3a3a0b2c11"},
            {"creationTimestamp": "2001-01-01T00:00:00Z"},
            {"generation": 99},
            {"deletionTimestamp": "2001-01-01T00:00:00Z"},
            {"resourceVersion": None},
            {"uid": None},
            {"name": None},
        ):
            yield merge(at(plural, namespace, name), {"metadata": metadata})


def versions(namespace: str) -> Script:
    for plural, name, body in (
        ("clusters", "pg", cluster(namespace)),
        ("secrets", "credentials", secret(namespace)),
    ):
        created = yield post(at(plural, namespace), body)
        path = at(plural, namespace, name)
        fits = {"resourceVersion": created.version, "annotations": {"a": "1"}}
        yield merge(path, {"metadata": fits})
        yield merge(path, {"metadata": fits})
        yield merge(path, {"metadata": {**fits, "annotations": {"a": "2"}}})
        yield merge(path, {"metadata": {"resourceVersion": "nonsense"}})
        yield merge(path, {"metadata": {"resourceVersion": ""}})
        yield merge(path, {"metadata": {"resourceVersion": "0"}})
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": created.version}
        change = {"op": "add", "path": "/metadata/annotations/b", "value": "1"}
        yield json_patch(path, test, change)
        stale = {"op": "replace", "path": "/metadata/resourceVersion", "value": created.version}
        yield json_patch(path, stale, change)


def another_uid(namespace: str) -> Script:
    created = yield post(at("clusters", namespace), cluster(namespace))
    path = at("clusters", namespace, "pg")
    yield merge(path, {"metadata": {"uid": created.uid, "labels": {"a": "1"}}})
    test = {"op": "test", "path": "/metadata/uid", "value": "another"}
    yield json_patch(path, test, {"op": "remove", "path": "/metadata/labels"})


def operations(namespace: str) -> Script:
    roles = {"roles": [{"name": "a"}, {"name": "b"}]}
    yield post(at("clusters", namespace), cluster(namespace, managed=roles))
    path = at("clusters", namespace, "pg")
    for operation in (
        {"op": "replace", "path": "/spec/instances", "value": 2},
        {"op": "add", "path": "/metadata/labels", "value": {"a/b": "1", "c~d": "2"}},
        {"op": "add", "path": "/spec/managed/roles/-", "value": {"name": "c"}},
        {"op": "add", "path": "/spec/managed/roles/0", "value": {"name": "first"}},
        {"op": "remove", "path": "/spec/managed/roles/1"},
        {"op": "test", "path": "/spec/managed/roles/0/name", "value": "first"},
        {
            "op": "copy",
            "from": "/spec/managed/roles/0/name",
            "path": "/spec/managed/roles/0/comment",
        },
        {"op": "move", "from": "/spec/managed/roles/0", "path": "/spec/managed/roles/1"},
        {"op": "replace", "path": "/spec/managed/roles/0/name", "value": "last"},
    ):
        yield json_patch(path, operation)


def escaped_paths(namespace: str) -> Script:
    yield post(at("secrets", namespace), labelled(secret(namespace), **{"a.b/c": "1"}))
    path = at("secrets", namespace, "credentials")
    yield json_patch(path, {"op": "replace", "path": "/metadata/labels/a.b~1c", "value": "2"})
    yield json_patch(path, {"op": "remove", "path": "/metadata/labels/a.b~1c"})
    yield json_patch(path, {"op": "remove", "path": "/metadata/labels/a.b~1c"})


def operations_that_fail(namespace: str) -> Script:
    yield post(at("databases", namespace), database(namespace, "orders"))
    yield post(at("secrets", namespace), secret(namespace))
    for path in (at("databases", namespace, "orders"), at("secrets", namespace, "credentials")):
        for operation in (
            {"op": "test", "path": "/kind", "value": "Nothing"},
            {"op": "test", "path": "/spec/nothing", "value": 1},
            {"op": "remove", "path": "/spec/nothing"},
            {"op": "replace", "path": "/spec/nothing", "value": 1},
            {"op": "add", "path": "/nothing/deep", "value": 1},
            {"op": "nothing", "path": "/spec", "value": 1},
            {"op": "add", "path": "spec", "value": 1},
            {"op": "copy", "from": "/nothing", "path": "/spec/owner"},
            {"op": "move", "from": "/nothing", "path": "/spec/owner"},
            {"op": "add", "value": 1},
            {"path": "/spec"},
            {"op": "replace", "path": "/metadata/name", "value": "other"},
            {"op": "remove", "path": "/metadata"},
            {"op": "add", "path": "/metadata/finalizers/7", "value": "x"},
        ):
            yield json_patch(path, operation)
        yield get(path)


def all_operations_or_none(namespace: str) -> Script:
    yield post(at("databases", namespace), database(namespace, "orders"))
    path = at("databases", namespace, "orders")
    yield json_patch(
        path,
        {"op": "replace", "path": "/spec/owner", "value": "changed"},
        {"op": "test", "path": "/spec/name", "value": "another"},
    )
    yield get(path)


def other_content_types(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield post(at("secrets", namespace), secret(namespace))
    body = {"metadata": {"labels": {"a": "1"}}}
    for path in (at("clusters", namespace, "pg"), at("secrets", namespace, "credentials")):
        for content_type in (JSON, "text/plain", "nonsense", f"{MERGE}; charset=utf-8"):
            yield _patch(path, body, content_type)
        yield Exchange("PATCH", path, {}, body)
    yield strategic(at("clusters", namespace, "pg"), body)


def strategic_of_a_secret(namespace: str) -> Script:
    yield post(at("secrets", namespace), labelled(secret(namespace), a="1"))
    body = {"metadata": {"labels": {"b": "2"}}}
    yield strategic(at("secrets", namespace, "credentials"), body)


def too_many_operations(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    test = {"op": "test", "path": "/kind", "value": "Secret"}
    yield json_patch(at("secrets", namespace, "credentials"), *[test] * 10_001)


def the_field_manager(namespace: str) -> Script:
    query = {"fieldManager": "x" * 129}
    yield post(at("clusters", namespace), cluster(namespace), **query)
    yield post(at("clusters", namespace), cluster(namespace), fieldManager="a b")
    yield merge(at("clusters", namespace, "pg"), {}, fieldManager="ü", force="true")
    yield merge(at("clusters", namespace, "pg"), {}, force="true")
