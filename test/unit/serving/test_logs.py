"""One line for each record, without secrets, whoever logs and however much is asked for."""

import io
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.serving.logs import JsonLines, TextLines, configure
from cnpg_mcp.serving.redaction import Redaction
from cnpg_mcp.serving.requests import RequestId
from test.serving import ROOT
from test.unit.serving.asgi import ask, served

CODE = "hunter2hunter2"
Configured = Callable[..., io.StringIO]
NAMES = (
    *("", "cnpg_mcp", "cnpg_tools", "fastmcp", "mcp", "httpx", "httpx2", "httpcore", "httpcore2"),
    *("aiohttp", "asyncio", "authlib", "kubernetes", "uvicorn", "uvicorn.access", "uvicorn.error"),
)


@pytest.fixture
def configured() -> Iterator[Configured]:
    """Configures logging for one test, and gives the stream it goes to."""
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(one, one.level, one.handlers[:], one.propagate) for one in loggers]

    def start(level: str = "INFO", log_format: Any = "text") -> io.StringIO:
        stream = io.StringIO()
        configure(level, log_format, stream)
        return stream

    yield start
    logging.captureWarnings(capture=False)
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


def _lines(stream: io.StringIO) -> list[Any]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_line_of_json_has_its_fields(configured: Configured) -> None:
    stream = configured(log_format="json")
    logging.getLogger("cnpg_mcp.auth").warning("%s is away", "the provider")
    (line,) = _lines(stream)
    moment = datetime.fromisoformat(line.pop("time"))
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 60
    assert line == {
        "level": "WARNING",
        "logger": "cnpg_mcp.auth",
        "message": "the provider is away",
    }


def test_exception_is_a_field_of_json(configured: Configured) -> None:
    stream = configured(log_format="json")
    try:
        int("x")
    except ValueError:
        logging.getLogger("cnpg_mcp").exception("failed")
    (line,) = _lines(stream)
    assert line["exception"].startswith("Traceback")
    assert "invalid literal" in line["exception"]


def test_line_of_text_has_time_level_logger_and_message(configured: Configured) -> None:
    stream = configured()
    logging.getLogger("cnpg_mcp.auth").warning("the provider is away")
    moment, rest = stream.getvalue().split(" ", 1)
    assert moment.endswith("Z")
    assert datetime.fromisoformat(moment).tzinfo == UTC
    assert rest == "WARNING cnpg_mcp.auth: the provider is away\n"


async def _logged_in_a_request(name: str) -> None:
    async def app(*_: Any) -> None:
        logging.getLogger("cnpg_mcp").info("at work")

    await ask(RequestId(app, make=lambda: name))


async def test_request_is_named_in_json(configured: Configured) -> None:
    stream = configured(log_format="json")
    await _logged_in_a_request("r1")
    assert _lines(stream)[0]["request_id"] == "r1"


async def test_request_is_named_in_text(configured: Configured) -> None:
    stream = configured()
    await _logged_in_a_request("r1")
    assert "INFO cnpg_mcp [r1]: at work" in stream.getvalue()


def test_nobody_writes_a_line_of_the_log(configured: Configured) -> None:
    stream = configured()
    logging.getLogger("cnpg_mcp").info("client %s", "x\n2026 INFO root: forged\r\x1b[2K\u202eabc")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith(r"client x\n2026 INFO root: forged\r\x1b[2K\u202eabc")


def test_nobody_writes_a_line_of_the_log_in_an_exception(configured: Configured) -> None:
    stream = configured()
    try:
        raise ValueError("x\n2026 INFO root: forged\u2028and\x85again\x1b[2K")  # noqa: TRY301
    except ValueError:
        logging.getLogger("cnpg_mcp").exception("failed")
    first, *trace = stream.getvalue().splitlines()
    assert first.endswith("ERROR cnpg_mcp: failed")
    assert all(line.startswith(" | ") for line in trace)
    assert trace[-3:] == [" | 2026 INFO root: forged", " | and", r" | again\x1b[2K"]


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()])
@given(message=st.text(st.characters(), max_size=50))
def test_any_message_is_one_line_of_printable_text(
    formatter: logging.Formatter, message: str
) -> None:
    record = logging.makeLogRecord({"msg": message, "levelname": "INFO"})
    Redaction().filter(record)
    assert formatter.format(record).isprintable()


def test_own_loggers_follow_the_level(configured: Configured) -> None:
    stream = configured("DEBUG")
    logging.getLogger("cnpg_mcp.kube").debug("seen")
    logging.getLogger("cnpg_tools").debug("seen")
    assert stream.getvalue().count("seen") == 2


def test_level_holds_for_everybody(configured: Configured) -> None:
    stream = configured("ERROR")
    for name in ("cnpg_mcp", "mcp", "httpx", "fastmcp.server", "other"):
        logging.getLogger(name).warning("not seen")
    assert not stream.getvalue()


@pytest.mark.parametrize("name", ["fastmcp.server", "key_value", "other"])
def test_details_of_libraries_are_not_asked_for(configured: Configured, name: str) -> None:
    stream = configured("DEBUG")
    logging.getLogger(name).debug("not seen")
    logging.getLogger(name).info("seen")
    assert [line.rsplit(" ", 1)[1] for line in stream.getvalue().splitlines()] == ["seen"]


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
async def test_requests_of_http_clients_are_not_told(
    configured: Configured, library: Any, level: str
) -> None:
    stream = configured(level)
    await _walk(library)
    told = stream.getvalue().splitlines()
    assert [line for line in told if " INFO uvicorn.error: " not in line] == []


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_requests_of_http_clients_hold_no_secret_whoever_turns_them_on(
    configured: Configured, library: Any
) -> None:
    stream = configured("DEBUG")
    for name in (*NAMES, "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    await _walk(library)
    assert stream.getvalue().count("\n") > 10
    assert CODE not in stream.getvalue()


async def _walk(library: Any) -> None:
    """A request with a code in its URL and its form, a cookie and a redirect in its answer."""

    async def app(_: Any, __: Any, send: Any) -> None:
        headers = [
            (b"location", f"https://id.example/cb?code={CODE}&state={CODE}".encode()),
            (b"set-cookie", f"session={CODE}; HttpOnly".encode()),
            (b"content-length", b"0"),
        ]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    with served(app, access_log=True) as url:
        async with library.AsyncClient(auth=("client", CODE), timeout=60) as client:
            await client.post(f"{url}/token?code={CODE}", data={"refresh_token": CODE})


async def test_failure_of_an_app_is_logged_without_its_secrets(configured: Configured) -> None:
    async def app(*_: Any) -> None:
        raise RuntimeError(f"cannot reach redis://:{CODE}@store")

    stream = configured(log_format="json")
    with served(RequestId(app, make=lambda: "r1")) as url:
        async with httpx.AsyncClient(timeout=60) as client:
            assert (await client.get(f"{url}/?code={CODE}")).status_code == 500
    (failure,) = [line for line in _lines(stream) if line["level"] == "ERROR"]
    assert failure["request_id"] == "r1"
    assert "redis://***@store" in failure["exception"]
    assert CODE not in stream.getvalue()


def test_warnings_go_to_the_log(configured: Configured) -> None:
    stream = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(f"token={CODE} is old", stacklevel=1)
    assert "token=*** is old" in stream.getvalue()


def test_logger_of_fastmcp_writes_to_the_log_alone(configured: Configured) -> None:
    logger = logging.getLogger("fastmcp")
    foreign = io.StringIO()
    logger.addHandler(logging.StreamHandler(foreign))
    logger.propagate = False
    stream = configured()
    logger.getChild("server").info("Authorization code=%s", CODE)
    assert "Authorization code=***" in stream.getvalue()
    assert not foreign.getvalue()


def test_fastmcp_that_is_imported_later_writes_to_the_log_alone() -> None:
    program = (
        "import sys, logging\n"
        "from cnpg_mcp.serving.logs import configure\n"
        "configure('DEBUG', 'json', sys.stdout)\n"
        "import fastmcp\n"
        f"logging.getLogger('fastmcp.server').warning('code={CODE}')\n"
    )
    environment = {"FASTMCP_LOG_ENABLED": "false", "PYTHONPATH": "src", "PATH": ""}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout)["message"] == "code=***"
    assert not ended.stderr


def test_what_the_log_cannot_format_does_not_come_out_on_standard_error(
    configured: Configured, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = configured()
    logging.getLogger("cnpg_mcp").info("%d", f"token={CODE}")
    assert "%d (its arguments do not fit)" in stream.getvalue()
    assert not capsys.readouterr().err
