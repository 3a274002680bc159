"""What a call does when the API server, or the way to it, fails."""

import asyncio
from http import HTTPMethod

import pytest
from aiohttp import web

from cnpg_mcp.errors import ErrorCode
from cnpg_mcp.kube.client import Kube
from cnpg_mcp.kube.connection import Connection
from cnpg_mcp.kube.errors import (
    AlreadyExists,
    ConfigurationError,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    WebhookFailed,
    status_error,
)
from cnpg_mcp.kube.transport import Call, Transport
from cnpg_mcp.toolkit.translate import explain
from test.unit.faulty_server import (
    DEADLINE,
    cut,
    failed,
    faulty_server,
    hang,
    held,
    ok,
)

READ = Call(HTTPMethod.GET, "/apis/example/v1/things")
WRITE = Call(HTTPMethod.POST, "/apis/example/v1/things", body={"kind": "Thing"})
SENT_SECONDS = 3.0
"""Within these a call is on its way, however busy the machine is."""


@pytest.fixture
async def sent():
    """Sends a call to a server that gives these answers; gives the reply and the server."""
    transports: list[Transport] = []

    async def send(call, *answers, deadline=DEADLINE):
        async with faulty_server(*answers) as server:
            transport = server.transport(deadline)
            transports.append(transport)
            try:
                return await transport.send(call), server
            except Exception as error:
                error.server = server
                raise
            finally:
                await transport.close()

    return send


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_read_is_repeated_after_a_passing_failure(sent, status):
    reply, server = await sent(READ, failed(status), failed(status), ok({"kind": "Thing"}))
    assert reply.body == {"kind": "Thing"}
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("status", "kind"), [(500, ServerError), (404, NotFound), (403, Forbidden)]
)
async def test_read_is_not_repeated_after_a_lasting_failure(sent, status, kind):
    with pytest.raises(kind) as raised:
        await sent(READ, failed(status))
    assert len(raised.value.server.seen) == 1


async def test_read_is_repeated_after_a_cut_connection(sent):
    reply, server = await sent(READ, cut, ok())
    assert reply.body == {"kind": "Cluster"}
    assert len(server.seen) == 2


async def test_read_gives_up_after_four_tries(sent):
    with pytest.raises(ServerError) as raised:
        await sent(READ, failed(503))
    assert len(raised.value.server.seen) == 4


async def test_write_is_repeated_only_when_refused_before_it_ran(sent):
    _, server = await sent(WRITE, failed(429), ok())
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_write_is_not_repeated_after_a_failure(sent, status):
    with pytest.raises(ServerError) as raised:
        await sent(WRITE, failed(status))
    assert len(raised.value.server.seen) == 1


async def test_cut_write_has_an_unknown_fate(sent):
    with pytest.raises(Unreachable) as raised:
        await sent(WRITE, cut)
    assert raised.value.maybe_applied
    assert len(raised.value.server.seen) == 1


async def test_retry_after_is_honoured(sent):
    loop = asyncio.get_running_loop()
    start = loop.time()
    await sent(READ, failed(429, Retry_After="1"), ok())
    assert loop.time() - start >= 1


@pytest.mark.parametrize("call", [READ, WRITE])
async def test_retry_after_beyond_the_deadline_is_told_at_once(sent, call):
    with pytest.raises(TooManyRequests) as raised:
        await sent(call, failed(429, Retry_After="60"))
    assert raised.value.retry_after == 60
    assert len(raised.value.server.seen) == 1
    failure = explain(raised.value)
    assert failure.code is ErrorCode.RATE_LIMITED
    assert "60 seconds" in failure.next_step


async def test_hanging_read_ends_at_the_deadline(sent):
    with pytest.raises(DeadlineExceeded) as raised:
        await sent(READ, hang, deadline=SENT_SECONDS)
    assert not raised.value.maybe_applied


async def test_hanging_write_ends_at_the_deadline_with_an_unknown_fate(sent):
    with pytest.raises(DeadlineExceeded) as raised:
        await sent(WRITE, hang, deadline=SENT_SECONDS)
    assert raised.value.maybe_applied


async def test_refused_connection_of_a_write_has_a_known_fate():
    async with faulty_server(ok()) as server:
        transport = server.transport()
    with pytest.raises(Unreachable) as raised:
        await transport.send(WRITE)
    await transport.close()
    assert not raised.value.maybe_applied


async def test_rejected_credentials_are_read_anew_once(sent):
    reply, server = await sent(WRITE, failed(401), ok())
    assert reply.body == {"kind": "Cluster"}
    assert [request.headers["Authorization"] for request in server.seen] == [
        "Bearer test-1",
        "Bearer test-2",
    ]


async def test_credentials_that_stay_rejected_are_unauthorized(sent):
    with pytest.raises(Unauthorized) as raised:
        await sent(READ, failed(401))
    assert len(raised.value.server.seen) == 2


async def test_rotated_credentials_close_the_connection_they_replace():
    async with faulty_server(failed(401), ok()) as server:
        transport = server.transport()
        await transport.send(READ)
        assert (len(server.connections), server.open_sessions) == (2, 1)
        await transport.close()
        assert server.open_sessions == 0


async def test_credentials_that_stay_rejected_keep_one_connection_open():
    async with faulty_server(failed(401)) as server:
        transport = server.transport()
        for _ in range(3):
            with pytest.raises(Unauthorized):
                await transport.send(READ)
            assert server.open_sessions == 1
        await transport.close()


async def test_call_in_flight_on_a_replaced_connection_is_not_cut():
    async with faulty_server(held, failed(401), ok()) as server:
        transport = server.transport()
        slow = asyncio.create_task(transport.send(READ))
        await server.has_seen(1)
        await transport.send(READ)
        assert server.open_sessions == 2
        server.release.set()
        assert (await slow).body == {"kind": "Cluster"}
        assert server.open_sessions == 1
        await transport.close()


async def test_rejected_together_close_together():
    async with faulty_server(*[failed(401)] * 5, ok()) as server:
        transport = server.transport()
        results = await asyncio.gather(
            *(transport.send(READ) for _ in range(5)), return_exceptions=True
        )
        assert len(results) == 5
        assert server.open_sessions == 1
        await transport.close()


async def test_failed_start_is_tried_again_at_the_next_call():
    async with faulty_server(ok()) as server:
        fail = True

        async def connect():
            if fail:
                raise ConfigurationError("no kubeconfig yet")
            return await server.connect()

        transport = Transport(connect)
        with pytest.raises(ConfigurationError):
            await transport.send(READ)
        fail = False
        assert (await transport.send(READ)).body
        await transport.close()


async def never() -> Connection:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


async def test_credentials_that_do_not_come_end_at_the_deadline():
    transport = Transport(never, deadline=0.2)
    asked = (
        Kube(transport).default_namespace(),
        Kube(transport).default_namespace(),
        transport.send(READ),
        transport.send(WRITE),
    )
    async with asyncio.timeout(30):
        errors = await asyncio.gather(*asked, return_exceptions=True)
    for error in errors:
        assert type(error) is ConfigurationError
        assert "plugin" in error.message
        assert not error.maybe_applied


async def test_parallel_first_calls_connect_once():
    async with faulty_server(ok()) as server:
        transport = server.transport()
        await asyncio.gather(*(transport.send(READ) for _ in range(20)))
        await transport.close()
        assert len(server.connections) == 1


async def test_warnings_of_the_api_server_come_with_the_reply(sent):
    def warned():
        response = web.json_response({})
        response.headers.add("Warning", '299 - "first \\"quoted\\""')
        response.headers.add("Warning", '299 - "second"')
        return response

    reply, _ = await sent(WRITE, warned)
    assert reply.warnings == ('first "quoted"', "second")


async def test_answer_of_a_proxy_that_is_no_json_is_a_typed_error(sent):
    with pytest.raises(Forbidden, match="blocked by policy"):
        await sent(READ, lambda: web.Response(status=403, text="blocked by policy"))


@pytest.mark.parametrize("details", ["text", [], {"causes": None}, {"causes": ["text"]}])
def test_failure_in_the_words_of_something_else_is_a_typed_error(details):
    assert status_error(403, {"details": details}).causes == ()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (409, {"reason": "AlreadyExists"}, AlreadyExists),
        (409, {"reason": "Conflict"}, Conflict),
        (410, {"reason": "Expired"}, Gone),
        (422, {"reason": "Invalid"}, Invalid),
        (429, {}, TooManyRequests),
        (500, {"message": 'failed calling webhook "x": connection refused'}, WebhookFailed),
    ],
)
def test_status_becomes_its_own_error(status, body, kind):
    assert type(status_error(status, body)) is kind


def test_causes_come_through_field_by_field():
    causes = [{"field": "spec.instances", "reason": "FieldValueInvalid", "message": "too few"}]
    error = status_error(422, {"details": {"name": "pg", "causes": causes}})
    assert [(cause.field, cause.message) for cause in error.causes] == [
        ("spec.instances", "too few")
    ]
    assert not error.names_no_object
