"""What a watch shows from a version on."""

from test.demo.same.exchange import METADATA, TABLE, Script, at, delete, get, merge, post, watch
from test.demo.same.objects import cluster, database, labelled, secret

_BOTH = (("clusters", "pg", cluster), ("secrets", "credentials", secret))


def a_life(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        before = yield get(at(plural, namespace))
        path = at(plural, namespace, name)
        yield post(at(plural, namespace), make(namespace))
        yield merge(path, {"metadata": {"labels": {"a": "1"}}})
        yield delete(path)
        yield watch(at(plural, namespace), 3, resourceVersion=before.version)


def from_an_object_on(namespace: str) -> Script:
    created = yield post(at("clusters", namespace), cluster(namespace))
    yield merge(at("clusters", namespace, "pg"), {"spec": {"instances": 2}})
    yield merge(at("clusters", namespace, "pg", "status"), {"status": {"phase": "x"}})
    query = {"fieldSelector": "metadata.name=pg", "resourceVersion": created.version}
    yield watch(at("clusters", namespace), 2, **query)


def from_now_on(namespace: str) -> Script:
    """Without a version, or with 0, what there is comes first."""
    yield post(at("clusters", namespace), cluster(namespace))
    yield watch(at("clusters", namespace), 1)
    yield watch(at("clusters", namespace), 1, resourceVersion="0")


def with_selectors(namespace: str) -> Script:
    """An object that starts or ceases to fit is added or deleted, for the watcher."""
    before = yield get(at("clusters", namespace))
    yield post(at("clusters", namespace), labelled(cluster(namespace), a="1"))
    yield post(at("clusters", namespace), labelled(cluster(namespace, "other"), a="2"))
    path = at("clusters", namespace, "pg")
    yield merge(path, {"metadata": {"labels": {"b": "1"}}})
    yield merge(path, {"metadata": {"labels": {"a": "2"}}})
    yield merge(path, {"metadata": {"labels": {"a": "1"}}})
    yield delete(path)
    yield watch(at("clusters", namespace), 5, labelSelector="a=1", resourceVersion=before.version)


def of_what_is_held(namespace: str) -> Script:
    before = yield get(at("databases", namespace))
    body = database(namespace, "orders")
    body["metadata"]["finalizers"] = ["example.org/kept"]
    yield post(at("databases", namespace), body)
    yield delete(at("databases", namespace, "orders"))
    yield merge(at("databases", namespace, "orders"), {"metadata": {"finalizers": None}})
    yield watch(at("databases", namespace), 3, resourceVersion=before.version)


def as_other_forms(namespace: str) -> Script:
    created = yield post(at("secrets", namespace), secret(namespace))
    yield merge(at("secrets", namespace, "credentials"), {"metadata": {"labels": {"a": "1"}}})
    yield watch(at("secrets", namespace), 1, resourceVersion=created.version).accepting(METADATA)
    yield watch(at("secrets", namespace), 1, resourceVersion=created.version).accepting(TABLE)


def that_end_by_themselves(namespace: str) -> Script:
    before = yield get(at("clusters", namespace))
    query = {"resourceVersion": before.version, "timeoutSeconds": "1"}
    yield watch(at("clusters", namespace), 1, **query)


def from_versions_that_are_none(namespace: str) -> Script:
    for plural, _, _ in _BOTH:
        yield watch(at(plural, namespace), 1, resourceVersion="abc")
        yield watch(at(plural, namespace), 1, labelSelector="a in")
        yield watch(at(plural, namespace), 1, fieldSelector="spec.instances=1")


def from_a_version_that_is_to_come(namespace: str) -> Script:
    for plural, _, make in _BOTH:
        yield post(at(plural, namespace), make(namespace))
        for version in (str(10**9), str(2**64 - 1), str(2**64)):
            query = {"resourceVersion": version, "timeoutSeconds": "1"}
            yield watch(at(plural, namespace), 1, **query)
