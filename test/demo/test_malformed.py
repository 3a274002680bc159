"""Whatever comes, the API server in memory answers properly, and goes on."""

import asyncio
import http.client
import json
import socket
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnpg_mcp.demo.client import PATIENCE_SECONDS
from cnpg_mcp.demo.kinds import BY_PLURAL
from cnpg_mcp.demo.kubernetes.http import HttpApi
from cnpg_mcp.demo.kubernetes.server import ApiServer
from test.demo.asgi import Asked, Said, ask
from test.demo.hostile import (
    BODIES,
    FIELDS,
    GARDEN,
    NONSENSE,
    NUMBERS,
    PLAYGROUND,
    RAW,
    requests,
    requests_of_nobody,
)
from test.demo.same.emulator import ADMIN_TOKEN, NOBODY_TOKEN, TOKENS, bare_api, served
from test.demo.same.exchange import APPLY, JSON, JSON_PATCH, MERGE, STRATEGIC, TABLE, at
from test.demo.same.objects import cluster, database, labelled, pod, secret, thing

_EXAMPLES = settings(max_examples=250)
_PLANTED = ("clusters", "databases", "secrets", "pods")
_SHOWN = ("clusters", "secrets", "pods", "persistentvolumeclaims", "events", "namespaces")
_AS_TEXT = {404, 406, 405}
"""Statuses that a real API server gives as text where it knows no resource or no form."""
_ADMIN = (b"authorization", f"Bearer {ADMIN_TOKEN}".encode())


class World:
    """An API server with two namespaces, and what is in them."""

    def __init__(self):
        self.api = bare_api()
        self.loop = asyncio.new_event_loop()
        for space in (PLAYGROUND, GARDEN):
            self.admin("POST", at("namespaces"), thing("Namespace", None, space))
            self.plant(space)

    def plant(self, space):
        """Makes what is missing in a namespace."""
        for plural, body in (
            ("clusters", labelled(cluster(space), app="pg")),
            ("databases", database(space, "orders")),
            ("secrets", secret(space)),
            ("pods", on_a_node(pod(space))),
        ):
            said = self.ask(self.proper("POST", at(plural, space), body))
            assert said.status in (201, 409), said

    def ask(self, asked: Asked) -> Said:
        """The answer to any request."""
        return self.loop.run_until_complete(ask(self.api, asked))

    @staticmethod
    def proper(method, path, body=None):
        """A proper request of the admin."""
        parts = () if body is None else (json.dumps(body).encode(),)
        headers = (_ADMIN, (b"content-type", JSON.encode()))
        return Asked(method, path.encode(), b"", headers, parts)

    def admin(self, method, path, body=None):
        """A proper request, which has to succeed."""
        said = self.ask(self.proper(method, path, body))
        assert said.status < 300, said
        return said.json

    def goes_on(self):
        """Whether everybody is answered, whatever is stored by now."""
        nobody = (b"authorization", f"Bearer {NOBODY_TOKEN}".encode())
        refused = self.ask(Asked("GET", at("clusters", PLAYGROUND).encode(), b"", (nobody,)))
        headers = (_ADMIN, (b"accept", TABLE.encode()))
        answers = [
            self.ask(Asked("GET", at(plural).encode(), query, headers))
            for plural in _SHOWN
            for query in (b"labelSelector=app", b"fieldSelector=metadata.name!%3Dx", b"limit=3")
        ]
        return refused.status in (200, 403) and all(each.status == 200 for each in answers)

    def contents(self, space):
        """All objects of a namespace."""
        return [self.admin("GET", at(plural, space))["items"] for plural in _PLANTED]


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    made.loop.close()


def on_a_node(body, **spec):
    """The pod as one that ends by its kubelet: its grace is counted."""
    return {**body, "spec": {**body["spec"], "nodeName": "sim-1", **spec}}


def is_proper(said: Said) -> bool:
    """A success, or a refusal in the API's own form; a version to come is a timeout there."""
    if said.status == 0:
        return True
    if not 200 <= said.status < 500 and said.status != 504:
        return False
    if said.status < 300:
        return True
    if said.status in _AS_TEXT and said.content_type.startswith("text/plain"):
        return True
    body = said.json
    if said.status == 504:
        return body["reason"] == "Timeout"
    return body["kind"] == "Status" and body["code"] == said.status and body["status"] == "Failure"


def test_whatever_an_admin_sends_is_answered_and_touches_nothing_else(world):
    before = world.contents(GARDEN)

    @_EXAMPLES
    @given(requests())
    def hold(asked):
        world.plant(PLAYGROUND)
        said = world.ask(asked)
        if asked.method != "HEAD":
            assert is_proper(said), said
        assert world.contents(GARDEN) == before
        assert world.goes_on()

    hold()


def test_whatever_nobody_sends_changes_nothing(world):
    before = [world.contents(space) for space in (PLAYGROUND, GARDEN)]

    @_EXAMPLES
    @given(requests_of_nobody())
    def hold(asked):
        said = world.ask(asked)
        if asked.method != "HEAD":
            assert is_proper(said), said
        assert [world.contents(space) for space in (PLAYGROUND, GARDEN)] == before

    hold()


@_EXAMPLES
@given(stored=NUMBERS, asked=st.none() | NUMBERS, in_query=st.booleans())
def test_pods_of_any_grace_end(world, stored, asked, in_query):
    body = on_a_node(pod(PLAYGROUND, "brief"), terminationGracePeriodSeconds=stored)
    path = at("pods", PLAYGROUND, "brief")
    made = world.ask(world.proper("POST", at("pods", PLAYGROUND), body))
    query = f"gracePeriodSeconds={asked}".encode() if in_query else b""
    options = None if in_query else {"gracePeriodSeconds": asked}
    said = world.ask(replace(world.proper("DELETE", path, options), query=query))
    assert is_proper(made)
    assert is_proper(said)
    assert made.status != 201 or said.status in (200, 400)
    assert world.ask(world.proper("GET", path)).status in (200, 404)
    world.ask(world.proper("DELETE", path, {"gracePeriodSeconds": 0}))


def test_preconditions_of_another_type_hold_nothing_and_delete_nothing(world):
    for inner in ("uid", "resourceVersion"):
        for value in (10**30, 1.5, True, [], {}, 0, False):
            asked = {"preconditions": {inner: value}}
            path = at("secrets", GARDEN, "credentials")
            assert world.ask(world.proper("DELETE", path, asked)).status == 400
    assert world.admin("GET", at("secrets", GARDEN, "credentials"))


def test_mistake_of_the_api_server_is_told_as_such_and_logged(caplog):
    def broken(*_):
        raise ZeroDivisionError("in the proxy")

    made = HttpApi(ApiServer(proxy=broken), TOKENS)
    said = []
    for method, path, body in (
        ("POST", at("pods", "default"), pod("default")),
        ("GET", f"{at('pods', 'default', 'pg-1')}/proxy/pg/status", None),
    ):
        said.append(asyncio.run(ask(made, World.proper(method, path, body))))
    assert (said[1].status, said[1].json["reason"]) == (500, "InternalError")
    assert "ZeroDivisionError" not in said[1].json["message"]
    assert "ZeroDivisionError: in the proxy" in caplog.text


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("content_type", [JSON, MERGE, JSON_PATCH, STRATEGIC, APPLY])
def test_bodies_of_special_malice(world, name, content_type):
    before = world.contents(GARDEN)
    headers = (_ADMIN, (b"content-type", content_type.encode()))
    for method, path in (
        ("POST", at("clusters", GARDEN)),
        ("PUT", at("clusters", GARDEN, "pg")),
        ("PATCH", at("clusters", GARDEN, "pg")),
        ("PATCH", at("clusters", GARDEN, "pg", "status")),
        ("PATCH", at("secrets", GARDEN, "credentials")),
        ("DELETE", at("databases", GARDEN, "nothing")),
        ("POST", at("selfsubjectaccessreviews")),
    ):
        asked = Asked(method, path.encode(), b"dryRun=All", headers, (BODIES[name],))
        said = world.ask(asked)
        assert is_proper(said), (method, path, said)
        assert world.contents(GARDEN) == before


@pytest.mark.parametrize(("plural", "field"), FIELDS)
def test_nonsense_is_refused_or_harmless(plural, field):
    world = World()
    kind = BY_PLURAL[plural]
    space = PLAYGROUND if kind.namespaced else None
    for number, value in enumerate(NONSENSE):
        body = thing(kind.kind, space, f"n{number}")
        at_top, _, inner = field.partition(".")
        body[at_top] = {**body["metadata"], inner: value} if inner else value
        for asked in (
            world.proper("POST", at(plural, space), body),
            world.proper("PUT", at(plural, space, f"n{number}"), body),
            world.proper("GET", at(plural, space)),
            world.proper("GET", at(plural, space, f"n{number}")),
            world.proper("DELETE", at(plural, space, "nothing"), {at_top: value}),
        ):
            said = world.ask(asked)
            assert is_proper(said), (asked, said)
        assert world.goes_on(), body
    world.loop.close()


# --- over a connection ---


@pytest.fixture(scope="module")
def address():
    with served(bare_api()) as url:
        parts = urlsplit(url)
        yield parts.hostname, parts.port


def answers(address):
    """A proper request over a new connection."""
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_SECONDS)
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    connection.request("GET", "/api/v1", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status == 200


@pytest.mark.parametrize("name", RAW)
def test_connections_that_are_cut(address, name):
    with socket.create_connection(address, timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(RAW[name])
    assert answers(address)


@pytest.mark.parametrize("name", RAW)
def test_connections_that_stay_open_keep_nobody_waiting(address, name):
    connections = [socket.create_connection(address, timeout=PATIENCE_SECONDS) for _ in range(20)]
    for connection in connections:
        try:
            connection.sendall(RAW[name])
        except OSError:
            continue  # the server has closed it already, which it may
    assert answers(address)
    for connection in connections:
        connection.close()


def test_watches_that_are_left_keep_nobody_waiting(address):
    line = f"GET {at('clusters')}?watch=true HTTP/1.1\r\nHost: x\r\n"
    watching = f"{line}Authorization: Bearer {ADMIN_TOKEN}\r\n\r\n".encode()
    connections = [socket.create_connection(address, timeout=PATIENCE_SECONDS) for _ in range(20)]
    for connection in connections:
        connection.sendall(watching)
        assert connection.recv(12) == b"HTTP/1.1 200"
    assert answers(address)
    for connection in connections:
        connection.close()
    assert answers(address)
