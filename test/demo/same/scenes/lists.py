"""Lists of a moment: `resourceVersion` and `resourceVersionMatch`."""

from typing import Any

from test.demo.same.exchange import Script, at, get, post, watch
from test.demo.same.objects import cluster, secret


def _page(body: Any) -> object:
    if "items" not in body:
        return body
    return [each["metadata"]["name"] for each in body["items"]]


def of_a_version(namespace: str) -> Script:
    """The cache has a version, or the answer after some seconds is a 504; only then 0 shows it."""
    for plural, make in (("clusters", cluster), ("secrets", secret)):
        created = yield post(at(plural, namespace), make(namespace, "one"))
        for version in ("", created.version, "0"):
            listing = get(at(plural, namespace), resourceVersion=version).looking_at(_page)
            yield listing.repeated_until(200)
        for match in ("NotOlderThan", "Exact"):
            query = {"resourceVersion": created.version, "resourceVersionMatch": match}
            yield get(at(plural, namespace), **query).looking_at(_page).repeated_until(200)


def of_an_earlier_version(namespace: str) -> Script:
    for plural, make in (("clusters", cluster), ("secrets", secret)):
        created = yield post(at(plural, namespace), make(namespace, "one"))
        yield post(at(plural, namespace), make(namespace, "two"))
        query = {"resourceVersion": created.version, "resourceVersionMatch": "Exact"}
        yield get(at(plural, namespace), **query).looking_at(_page)


def of_a_version_that_is_to_come(namespace: str) -> Script:
    for plural, make in (("clusters", cluster), ("secrets", secret)):
        yield post(at(plural, namespace), make(namespace, "one"))
        path, last = at(plural, namespace), str(2**64 - 1)
        yield get(path, resourceVersion=str(10**9))
        yield get(path, resourceVersion=last, resourceVersionMatch="Exact")
        yield get(at(plural, namespace, "one"), resourceVersion=last)
        yield get(path, resourceVersion=str(2**64))
        yield get(at(plural, namespace, "one"), resourceVersion=str(2**64))


def versions_that_are_none(namespace: str) -> Script:
    for plural in ("clusters", "secrets"):
        yield get(at(plural, namespace), resourceVersion="abc")
        yield get(at(plural, namespace), resourceVersion="-1")
        yield get(at(plural, namespace), resourceVersionMatch="Exact")
        yield get(at(plural, namespace), resourceVersion="0", resourceVersionMatch="Exact")
        yield get(at(plural, namespace), resourceVersion="1", resourceVersionMatch="Nothing")


def one_object_of_a_version(namespace: str) -> Script:
    """As above: the first that is answered proves that the cache has what was written."""
    created = yield post(at("clusters", namespace), cluster(namespace))
    path = at("clusters", namespace, "pg")
    yield get(path, resourceVersion=created.version).repeated_until(200)
    yield get(path, resourceVersion="0")
    yield get(path, resourceVersion="abc")


def lists_have_their_form(namespace: str) -> Script:
    for plural in ("clusters", "databases", "databaseroles", "secrets", "pods", "events", "jobs"):
        yield get(at(plural, namespace))
    for plural, make in (("clusters", cluster), ("secrets", secret)):
        yield post(at(plural, namespace), make(namespace, "one"))
        yield get(at(plural, namespace))


def parameters_that_nobody_knows(namespace: str) -> Script:
    yield get(at("clusters", namespace), nothing="1", pretty="true").looking_at(_page)
    yield get(at("clusters", namespace), watch="false").looking_at(_page)
    yield watch(at("clusters", namespace), 1, watch="perhaps", timeoutSeconds="1")
    yield get(at("clusters", namespace), timeoutSeconds="abc").looking_at(_page)
