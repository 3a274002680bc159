"""Long lists in pages, while objects come and go."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from test.demo.same.exchange import METADATA_LIST, TABLE, Script, at, delete, get, merge, post
from test.demo.same.objects import cluster, labelled, secret

_MADE = {"clusters": cluster, "secrets": secret}


def _page(body: Any) -> object:
    if "items" not in body:
        return body
    names = [each["metadata"]["name"] for each in body["items"]]
    return {"metadata": body["metadata"], "names": names}


def _planted(namespace: str, plural: str, count: int = 5) -> Script:
    for number in range(count):
        body = labelled(_MADE[plural](namespace, f"n{number}"), odd=str(number % 2))
        yield post(at(plural, namespace), body)


def _pages(plural: str, namespace: str, **query: str) -> Script:
    answer = yield get(at(plural, namespace), **query).looking_at(_page)
    while answer.token:
        again = {**query, "continue": answer.token}
        answer = yield get(at(plural, namespace), **again).looking_at(_page)


def pages_of_clusters(namespace: str) -> Script:
    yield from _planted(namespace, "clusters")
    yield from _pages("clusters", namespace, limit="2")
    yield from _pages("clusters", namespace, limit="5")
    yield from _pages("clusters", namespace, limit="1", labelSelector="odd=1")


def pages_of_secrets(namespace: str) -> Script:
    yield from _planted(namespace, "secrets")
    yield from _pages("secrets", namespace, limit="2")
    yield from _pages("secrets", namespace, limit="1", fieldSelector="metadata.name!=n1")


def pages_as_tables(namespace: str) -> Script:
    yield from _planted(namespace, "clusters", 3)
    first = yield get(at("clusters", namespace), limit="2").accepting(TABLE)
    query = {"limit": "2", "continue": first.token}
    yield get(at("clusters", namespace), **query).accepting(TABLE)


def pages_as_metadata(namespace: str) -> Script:
    yield from _planted(namespace, "secrets", 3)
    first = yield get(at("secrets", namespace), limit="2").accepting(METADATA_LIST)
    query = {"limit": "2", "continue": first.token}
    yield get(at("secrets", namespace), **query).accepting(METADATA_LIST)


def pages_of_one_moment(namespace: str) -> Script:
    """The following pages show what there was at the first one."""
    for plural, make in _MADE.items():
        yield from _planted(namespace, plural)
        first = yield get(at(plural, namespace), limit="2").looking_at(_page)
        yield delete(at(plural, namespace, "n3"))
        yield post(at(plural, namespace), make(namespace, "n9"))
        yield merge(at(plural, namespace, "n4"), {"metadata": {"labels": {"late": "1"}}})
        query = {"limit": "2", "continue": first.token}
        second = yield get(at(plural, namespace), **query).looking_at(_page)
        yield get(at(plural, namespace), **{**query, "continue": second.token})
        yield get(at(plural, namespace)).looking_at(_page)


def another_limit_on_the_way(namespace: str) -> Script:
    yield from _planted(namespace, "clusters")
    first = yield get(at("clusters", namespace), limit="1").looking_at(_page)
    query = {"limit": "3", "continue": first.token}
    yield get(at("clusters", namespace), **query).looking_at(_page)
    query = {"continue": first.token}
    yield get(at("clusters", namespace), **query).looking_at(_page)


def the_token_of_another_list(namespace: str) -> Script:
    yield from _planted(namespace, "clusters", 3)
    first = yield get(at("clusters", namespace), limit="1").looking_at(_page)
    query = {"limit": "1", "continue": first.token}
    yield get(at("databases", namespace), **query).looking_at(_page)
    yield get(at("clusters", namespace), **query, labelSelector="odd=0").looking_at(_page)


def a_token_with_a_version(namespace: str) -> Script:
    yield from _planted(namespace, "clusters", 3)
    first = yield get(at("clusters", namespace), limit="1").looking_at(_page)
    for version in ("0", first.version):
        query = {"limit": "1", "continue": first.token, "resourceVersion": version}
        yield get(at("clusters", namespace), **query).looking_at(_page)


def tokens_that_are_malformed(namespace: str) -> Script:
    made = [
        urlsafe_b64encode(each).decode() for each in (b"{}", b"text", b'{"v":"meta.k8s.io/v9"}')
    ]
    for token in ("nonsense", "!!!", "e30", *made):
        for plural in _MADE:
            yield get(at(plural, namespace), **{"limit": "1", "continue": token})


def tokens_from_far_away(namespace: str) -> Script:
    for start in ("../../elsewhere", "/", "\u0000"):
        content = f'{{"v":"meta.k8s.io/v1","rv":1,"start":"{start}"}}'.encode()
        token = urlsafe_b64encode(content).decode().rstrip("=")
        for plural in _MADE:
            yield get(at(plural, namespace), **{"limit": "1", "continue": token})


def tokens_of_revisions_that_are_none(namespace: str) -> Script:
    """Of types and sizes that no revision has, and of a time that is still to come."""
    for plural in _MADE:
        yield from _planted(namespace, plural, 2)
        first = yield get(at(plural, namespace), limit="1").looking_at(_page)
        for revision in (True, None, 1.5, "5", [], -2, 0, 10**9, 10**30):
            query = {"limit": "1", "continue": _of_revision(first.token, revision)}
            yield get(at(plural, namespace), **query).looking_at(_page)


def _of_revision(token: str, revision: object) -> str:
    """The token with another revision in it."""
    content = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    changed = json.dumps({**content, "rv": revision}).encode()
    return urlsafe_b64encode(changed).decode().rstrip("=")


def limits_that_are_none(namespace: str) -> Script:
    yield from _planted(namespace, "clusters", 2)
    for limit in ("0", "-1", "abc", "1.5", "", "9223372036854775807", "99999999999999999999"):
        yield get(at("clusters", namespace), limit=limit).looking_at(_page)
        yield get(at("secrets", namespace), limit=limit).looking_at(_page)
