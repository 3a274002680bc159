"""The log: one line for each record on one stream, as text or JSON, without secrets."""

import json
import logging
from datetime import UTC, datetime
from typing import Literal, TextIO

from cnpg_mcp.serving.redaction import Redaction
from cnpg_mcp.serving.requests import current_request_id

LogFormat = Literal["text", "json"]
_OURS = ("cnpg_mcp", "cnpg_tools")
_WORDY = (
    "aiohttp",
    "asyncio",
    "authlib",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "kubernetes",
    "mcp",
    "uvicorn.access",
)
"""Loggers that tell every request, some with its URL or body, at INFO or below."""
_WITH_OWN_HANDLERS = ("fastmcp", "uvicorn", "uvicorn.access", "uvicorn.error")


def configure(level: str, log_format: LogFormat, stream: TextIO) -> None:
    """Sends every log record of the process to one stream, through the redaction.

    `level` is that of our own loggers. Those of libraries stay at INFO or above, and those that
    tell every request at WARNING or above, because below they log addresses and bodies. FastMCP
    gives its logger a handler when it is imported, unless FASTMCP_LOG_ENABLED is false.
    """
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redaction())
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    logging.captureWarnings(capture=True)
    own = logging.getLevelNamesMapping()[level]
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(own, logging.INFO))
    for name in _WITH_OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)
    for name in _OURS:
        logging.getLogger(name).setLevel(own)
    for name in _WORDY:
        logging.getLogger(name).setLevel(max(own, logging.WARNING))


class TextLines(logging.Formatter):
    """`TIME LEVEL LOGGER [REQUEST]: MESSAGE`; lines of a trace are indented by ` | `.

    Line breaks, controls and bidirectional marks are escaped, so that nobody outside can write a
    line of the log, or turn one around.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        request = current_request_id()
        where = f"{record.name} [{request}]" if request else record.name
        message = _visible(record.getMessage().rstrip())
        head = f"{_time(record)} {record.levelname} {where}: {message}"
        details = [line for text in _details(record) for line in text.splitlines()]
        return "\n | ".join([head, *map(_visible, details)])


class JsonLines(logging.Formatter):
    """One JSON object a line: time (RFC 3339), level, logger, message, request_id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, in ASCII."""
        fields = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
            "exception": "\n".join(_details(record)),
        }
        return json.dumps({name: value for name, value in fields.items() if value})


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _details(record: logging.LogRecord) -> list[str]:
    """Exception and stack as the redaction left them: it makes text of every exception."""
    return [text for text in (record.exc_text, record.stack_info) if text]


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
