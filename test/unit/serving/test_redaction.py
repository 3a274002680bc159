"""No secret gets past the redaction, in whatever shape, and ordinary text comes out as it was."""

import logging
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnpg_mcp.serving.redaction import Redaction, redacted
from test.unit.serving.planted import SHAPES

ORDINARY = [
    "",
    "Uvicorn running on http://127.0.0.1:3000 (Press CTRL+C to quit)",
    "unexpected failure in get_cluster_status, request 5f1c2d3e4a5b",
    "The token has expired.",
    "Invalid token: expired",
    "invalid_token: the token is no access token: send the access token instead",
    "Bearer token required, Basic authentication is off",
    'WWW-Authenticate is Bearer scope="cnpg:read", resource_metadata="https://host/x"',
    "exit code 1, status code: 404, code=404, code: not_found",
    '{"kind": "Status", "code": 409, "reason": "AlreadyExists"}',
    '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}}',
    "cluster shop/main: state: Ready, phase=Cluster in healthy state",
    "image ghcr.io/cloudnative-pg/postgresql:17.5@sha256:" + "0123456789abcdef" * 4,
    "uid 2f0a7f0e-2b53-4f43-9d0c-4f4a4b0f7f5e, resourceVersion 123456789",
    "pod main-1-initdb-7xk2p on node ip-10-0-12-34.eu-central-1.compute.internal",
    "Secret app-user in namespace shop has the keys username and password",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    'File "/srv/app/.venv/lib/python3.13/site-packages/mcp/server/auth/middleware/bearer.py"',
    "/very/long/path/" + "some_directory/" * 12,
    "MutatingAdmissionPolicyBindingList and PersistentVolumeClaimTemplate",
    "connect to redis://store:6379/0 refused, mail me@host.example",
    "GET https://id.example/.well-known/openid-configuration?a=1 HTTP/1.1 200 OK",
    "2026-11-24T10:11:12.345Z 3 of 3 instances ready - 100 % [ok] (main-1)",
    "state of the code: a secret password is a token of trust",
]


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=150, derandomize=True)
@given(data=st.data())
def test_planted_secret_never_comes_out(shape: str, data: st.DataObject) -> None:
    text, core = data.draw(SHAPES[shape])
    assert core in text or core[:10] in text
    assert core not in redacted(text)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert redacted(text) == text


@given(words=st.lists(st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)))
def test_plain_words_are_left_alone(words: list[str]) -> None:
    text = " ".join(words)
    assert redacted(text) == text


def test_text_around_a_secret_stays() -> None:
    shown = redacted("POST https://id.example/cb?code=abcdef123&iss=x 200 in 5 ms, try 2")
    assert shown == "POST https://id.example/cb?code=***&iss=x 200 in 5 ms, try 2"


def test_host_of_a_store_stays() -> None:
    assert redacted("redis://:pa/ss@store:6379/0 lost") == "redis://***@store:6379/0 lost"


def test_long_text_is_cut_in_its_middle() -> None:
    shown = redacted("begin " + "word " * 3000 + "end")
    assert len(shown) < 4_100
    assert shown.startswith("begin ")
    assert shown.endswith(" end")


def test_secret_that_the_cut_goes_through_does_not_show() -> None:
    text = "word " * 13_104 + "redis://:Ab3xYz" + "Q" * 100 + "@store"
    assert "Ab3" not in redacted(text, limit=100_000)


@pytest.mark.parametrize(
    "piece", ["3f", "a.", "a://", "token", "token=", "'token',", "\\", "bearer ", "_", '"code": ["']
)
def test_hostile_text_takes_no_time(piece: str) -> None:
    began = time.thread_time()
    redacted(piece * (65_536 // len(piece)))
    assert time.thread_time() - began < 2  # 5 to 180 ms of work


def _record(message: object, *arguments: Any, **more: Any) -> logging.LogRecord:
    logger = logging.getLogger("test.redaction")
    info = more.pop("exc_info", None)
    record = logger.makeRecord(
        "x", logging.INFO, __file__, 1, message, arguments, info, extra=more.pop("extra", None)
    )
    record.__dict__.update(more)
    Redaction().filter(record)
    return record


def test_arguments_are_redacted_with_the_message() -> None:
    record = _record("got %s for %s", "Bearer abcDEF123456", {"code": "abcDEF123456"})
    assert record.getMessage() == "got Bearer *** for {'code': ***}"
    assert record.args == ()


def test_key_in_the_message_hides_its_argument() -> None:
    assert _record("token=%s", "verysecret").getMessage() == "token=***"


def test_arguments_that_do_not_fit_are_not_printed() -> None:
    assert _record("%d done", "Bearer abcDEF123456").getMessage() == (
        "%d done (its arguments do not fit)"
    )


def test_exception_is_redacted_with_its_causes() -> None:
    error = RuntimeError("password=hunter3hunter3")
    error.__cause__ = ValueError("redis://:hunter2hunter2@store")
    record = _record("failed", exc_info=(RuntimeError, error, None))
    assert record.exc_info is None
    assert "hunter" not in (record.exc_text or "")
    assert "redis://***@store" in (record.exc_text or "")
    assert "RuntimeError: password=***" in (record.exc_text or "")


def test_exception_that_another_handler_made_text_of_is_redacted() -> None:
    assert _record("failed", exc_text="ValueError: token=abcdefgh").exc_text == (
        "ValueError: token=***"
    )


def test_stack_is_redacted() -> None:
    assert _record("at", stack_info="f(code='abcDEF')").stack_info == "f(code=***)"


def test_extra_fields_are_redacted() -> None:
    record = _record(
        "x",
        extra={
            "headers": [(b"cookie", b"a=hunter2")],
            "refresh_token": "a b",
            "note": ValueError("password=hunter2"),
            "status": 200,
        },
    )
    fields = record.__dict__
    assert "hunter2" not in str(fields)
    assert (fields["refresh_token"], fields["status"]) == ("***", 200)
