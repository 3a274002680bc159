"""What an API server says of a past that it no longer knows."""

from test.demo.same.exchange import FORGET, Script, at, get, merge, post, watch
from test.demo.same.objects import cluster, secret

_BOTH = (("clusters", cluster), ("secrets", secret))


def pages(namespace: str) -> Script:
    tokens = {}
    for plural, make in _BOTH:
        for name in ("one", "two", "three"):
            yield post(at(plural, namespace), make(namespace, name))
        first = yield get(at(plural, namespace), limit="1")
        tokens[plural] = first.token
        yield merge(at(plural, namespace, "one"), {"metadata": {"labels": {"a": "1"}}})
    yield FORGET
    for plural, _ in _BOTH:
        query = {"limit": "1", "continue": tokens[plural]}
        yield get(at(plural, namespace), **query).repeated_until(410)
        again = yield get(at(plural, namespace), **query)
        query["continue"] = again.token
        yield get(at(plural, namespace), **query)
        yield get(at(plural, namespace), limit="1")


def watches(namespace: str) -> Script:
    versions = {}
    for plural, make in _BOTH:
        created = yield post(at(plural, namespace), make(namespace, "one"))
        versions[plural] = created.version
        yield merge(at(plural, namespace, "one"), {"metadata": {"labels": {"a": "1"}}})
        yield merge(at(plural, namespace, "one"), {"metadata": {"labels": {"a": "2"}}})
    yield FORGET
    for plural, _ in _BOTH:
        yield get(at(plural, namespace)).repeated_until(200)
        yield watch(at(plural, namespace), 1, resourceVersion=versions[plural])
