"""What is not an API server is not taken for one, and a failed webhook is named."""

import pytest
from aiohttp import web

from cnpg_mcp.errors import ErrorCode
from cnpg_mcp.kube.client import Kube, Preconditions, Selection
from cnpg_mcp.kube.errors import NotKubernetes, status_error
from cnpg_mcp.kube.objects import Resource
from cnpg_mcp.kube.tables import IncludeObject
from cnpg_mcp.toolkit.translate import explain
from test.unit.faulty_server import faulty_server, ok, page, redirected

THINGS = Resource("example", "v1", "things", "Thing")
THING = {"kind": "Thing", "metadata": {"uid": "1"}}
READS = {
    "get": lambda kube: kube.get(THINGS, "shop", "one"),
    "list": lambda kube: kube.list(THINGS, Selection("shop")),
    "table": lambda kube: kube.table(THINGS, Selection("shop"), IncludeObject.NONE),
    "proxy": lambda kube: kube.proxy(THINGS, "shop", "one", "/status", patience=5),
}
WRITES = {
    "create": lambda kube: kube.create(THINGS, "shop", {"kind": "Thing"}),
    "dry run": lambda kube: kube.create(THINGS, "shop", {"kind": "Thing"}, dry_run=True),
    "patch": lambda kube: kube.patch(THINGS, "shop", "one", {"spec": {}}),
    "delete": lambda kube: kube.delete(THINGS, "shop", "one", Preconditions("1")),
}
VERBS = READS | WRITES


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("answer", [page, redirected, lambda: web.json_response([])])
async def test_answer_of_something_else_is_not_taken_for_success(verb, answer):
    async with faulty_server(answer, page) as server:
        transport = server.transport()
        with pytest.raises(NotKubernetes) as raised:
            await VERBS[verb](Kube(transport))
        await transport.close()
    assert raised.value.maybe_applied == (verb in WRITES and verb != "dry run")
    assert len(server.seen) == 1
    assert explain(raised.value).code is ErrorCode.UNAVAILABLE


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"proxy"}))
@pytest.mark.parametrize(
    "body",
    [
        {"signed_in": False},
        {"kind": "Thing"},
        {"kind": "WaitingList"},
        {"kind": "Other", "metadata": {"uid": "1"}},
    ],
    ids=str,
)
async def test_json_of_another_kind_is_not_taken_for_success(verb, body):
    async with faulty_server(ok(body)) as server:
        transport = server.transport()
        with pytest.raises(NotKubernetes):
            await VERBS[verb](Kube(transport))
        await transport.close()


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("get", THING),
        ("list", {"kind": "ThingList", "items": []}),
        ("list", {"kind": "ThingList", "items": None}),
        ("table", {"kind": "Table", "columnDefinitions": [], "rows": []}),
        ("proxy", {"any": "json"}),
        ("create", THING),
        ("patch", THING),
        ("delete", THING),
        ("delete", {"kind": "Status", "status": "Success"}),
    ],
)
async def test_answer_of_the_right_kind_is_taken(verb, body):
    async with faulty_server(ok(body)) as server:
        transport = server.transport()
        await VERBS[verb](Kube(transport))
        await transport.close()


FOREIGN = 'failed calling webhook "policy.example.com": failed to call webhook: Post "https://x/"'
OPERATORS = 'failed calling webhook "mcluster.cnpg.io": connection refused'
RENAMED = (
    'failed calling webhook "pg.example": failed to call webhook: '
    'Post "https://here/mutate-postgresql-cnpg-io-v1-cluster?timeout=10s": EOF'
)


@pytest.mark.parametrize(
    ("message", "code", "named"),
    [
        (OPERATORS, ErrorCode.OPERATOR_UNAVAILABLE, "CloudNativePG operator"),
        (RENAMED, ErrorCode.OPERATOR_UNAVAILABLE, "CloudNativePG operator"),
        (FOREIGN, ErrorCode.UNAVAILABLE, "webhook policy.example.com is"),
        ("failed calling webhook", ErrorCode.UNAVAILABLE, "webhook is"),
    ],
)
def test_failed_webhook_is_blamed_on_whose_it_is(message, code, named):
    failure = explain(status_error(500, {"message": message}))
    assert failure.code is code
    assert named in failure.next_step
