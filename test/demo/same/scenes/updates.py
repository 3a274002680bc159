"""Whole updates, the status subresource, and what counts as a new generation."""

from test.demo.same.exchange import (
    JSON,
    Exchange,
    Script,
    at,
    delete,
    get,
    json_patch,
    merge,
    post,
    put,
)
from test.demo.same.objects import cluster, database, secret


def with_version(namespace: str) -> Script:
    for plural, name, body in (
        ("clusters", "pg", cluster(namespace)),
        ("secrets", "credentials", secret(namespace)),
    ):
        created = yield post(at(plural, namespace), body)
        path = at(plural, namespace, name)
        changed = {
            **created.body,
            "metadata": {**created.metadata, "labels": {"a": "1"}},
        }
        yield put(path, changed)
        yield put(path, changed)
        newer = yield get(path)
        yield put(path, newer.body)
        yield get(path)


def without_version(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield put(at("clusters", namespace, "pg"), cluster(namespace, instances=2))
    yield post(at("secrets", namespace), secret(namespace))
    yield put(at("secrets", namespace, "credentials"), {**secret(namespace), "data": {}})


def of_what_is_not_there(namespace: str) -> Script:
    yield put(at("clusters", namespace, "pg"), cluster(namespace))
    yield put(at("secrets", namespace, "credentials"), secret(namespace))


def of_another_object(namespace: str) -> Script:
    created = yield post(at("clusters", namespace), cluster(namespace))
    path = at("clusters", namespace, "pg")
    yield put(path, cluster(namespace, "other"))
    yield put(path, cluster("other"))
    yield put(path, {**created.body, "kind": "Database"})
    yield put(path, {**created.body, "metadata": {**created.metadata, "uid": "another"}})
    yield put(path, b"")
    yield put(path, b"[]")


def generations(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    path = at("clusters", namespace, "pg")
    yield merge(path, {"spec": {"instances": 2}})
    yield merge(path, {"spec": {"instances": 2}})
    yield merge(path, {"metadata": {"labels": {"a": "1"}}})
    yield merge(at("clusters", namespace, "pg", "status"), {"status": {"phase": "x"}})
    yield merge(path, {"metadata": {"finalizers": ["example.org/kept"]}})
    yield delete(path)
    yield get(path)


def generations_of_databases(namespace: str) -> Script:
    yield post(at("databases", namespace), database(namespace, "orders"))
    path = at("databases", namespace, "orders")
    yield merge(path, {"spec": {"owner": "other"}})
    yield merge(path, {"metadata": {"generation": 9}})


def changes_of_nothing_keep_the_version(namespace: str) -> Script:
    for plural, name, body in (
        ("clusters", "pg", cluster(namespace)),
        ("secrets", "credentials", secret(namespace)),
    ):
        yield post(at(plural, namespace), body)
        path = at(plural, namespace, name)
        yield merge(path, {})
        yield merge(path, {"metadata": {"labels": {}}})
        yield merge(path, {"metadata": {"annotations": {"a": None}}})
        yield json_patch(path, {"op": "replace", "path": "/metadata/name", "value": name})
        yield get(path)


def status_alone(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    main, status = at("clusters", namespace, "pg"), at("clusters", namespace, "pg", "status")
    both = {"spec": {"instances": 5}, "status": {"phase": "written"}}
    yield merge(main, both)
    yield merge(status, {"spec": {"instances": 7}, "status": {"phase": "written"}})
    yield merge(status, {"metadata": {"labels": {"a": "1"}}, "status": {"instances": 1}})
    yield merge(status, {"metadata": {"annotations": {"b": "1"}, "finalizers": ["example.org/a"]}})
    yield merge(status, {"status": {"phase": None}})
    yield merge(status, {"status": {"unknown": 1}}, fieldValidation="Strict")
    yield merge(status, {"status": {"unknown": 1}})
    yield merge(status, {"status": {"instances": "three"}})
    yield merge(status, {"status": None})
    yield get(status)
    yield get(main)


def status_as_a_whole(namespace: str) -> Script:
    created = yield post(at("databases", namespace), database(namespace, "orders"))
    status = at("databases", namespace, "orders", "status")
    body = {**created.body, "status": {"applied": True, "observedGeneration": 1}}
    yield put(status, {**body, "spec": {"name": "x", "owner": "y", "cluster": {"name": "z"}}})
    yield put(status, body)
    yield get(at("databases", namespace, "orders"))


def status_of_a_stale_version(namespace: str) -> Script:
    created = yield post(at("clusters", namespace), cluster(namespace))
    yield merge(at("clusters", namespace, "pg"), {"spec": {"instances": 2}})
    stale = {"metadata": {"resourceVersion": created.version}, "status": {"phase": "x"}}
    yield merge(at("clusters", namespace, "pg", "status"), stale)


def status_has_few_verbs(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    status = at("clusters", namespace, "pg", "status")
    yield Exchange("DELETE", status)
    yield Exchange("POST", status, {}, {}, (("Content-Type", JSON),))


def status_of_what_has_none(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    yield get(at("secrets", namespace, "credentials", "status"))
