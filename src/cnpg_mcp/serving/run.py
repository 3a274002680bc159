"""Running a server: stdio for one client, http for many."""

import argparse
import gc
import os
import re
import sys
from typing import TYPE_CHECKING, Literal, NoReturn

import cnpg_mcp
from cnpg_mcp.settings import (
    Settings,
    SettingsError,
    load_settings,
    require_main_sign_in,
    require_token_sign_in,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_BAD_SETTINGS = 2
_FASTMCP_DEFAULTS = {
    "FASTMCP_CHECK_FOR_UPDATES": "off",
    "FASTMCP_ENABLE_RICH_LOGGING": "false",
    "FASTMCP_SHOW_SERVER_BANNER": "false",
    "FASTMCP_TELEMETRY_MODE": "off",
}
"""FastMCP reads these when it is imported. Whoever exports traces sets the mode to `native`."""
_GRACE_SECONDS = 50
"""Longer than the longest wait of a tool, so that a stop finishes running calls."""
_KEEP_ALIVE_SECONDS = 75
"""Longer than Ingress controllers keep idle connections, so that none is closed under a request."""


def parser(description: str) -> argparse.ArgumentParser:
    """The command line that both entries share."""
    arguments = argparse.ArgumentParser(
        description=description,
        epilog="All other settings are environment variables: docs/configuration.md.",
    )
    arguments.add_argument("--version", action="version", version=cnpg_mcp.__version__)
    arguments.add_argument("--host", help="address that http listens on (HOST)")
    arguments.add_argument("--port", type=int, help="port of http (PORT)")
    return arguments


def settings_or_exit(host: str | None, port: int | None) -> Settings:
    """The settings, or exit status 2 with a sentence that says what to change."""
    try:
        return load_settings(host=host, port=port)
    except SettingsError as error:
        _refuse(error)


def serve_stdio(name: str, settings: Settings) -> None:
    """Serves the one client on standard input and output until it hangs up."""
    _prepare(settings)
    from cnpg_mcp.serving.app import build_estate, build_server  # noqa: PLC0415 - see _prepare

    server = build_server(name, build_estate(settings, name))
    _settle()
    server.run(transport="stdio", show_banner=False)


def serve_main(name: str, settings: Settings, *, path: str, port: int) -> None:
    """Serves http with the OAuth proxy until told to stop."""
    try:
        require_main_sign_in(settings)
        app = _build_http(name, settings, path, port, "main_entrance")
    except SettingsError as error:
        _refuse(error)
    _run(app, settings, port)


def serve_tokens(
    name: str, host: str | None, given_port: int | None, *, path: str, port: int
) -> None:
    """Serves http with the provider's tokens until told to stop.

    What is wrong with the settings it says to whoever asks (503) instead of exiting: it shares a
    pod with the main server, which would be restarted into not being ready with it.
    """
    try:
        settings = load_settings(host=host, port=given_port)
        require_token_sign_in(settings)
        app = _build_http(name, settings, path, port, "token_entrance")
    except SettingsError as error:
        _serve_refusal(error, host, given_port, port)
    else:
        _run(app, settings, port)


def _build_http(
    name: str,
    settings: Settings,
    path: str,
    port: int,
    entrance: Literal["main_entrance", "token_entrance"],
) -> "ASGIApp":
    _prepare(settings)
    from cnpg_mcp.auth import door  # noqa: PLC0415 - see _prepare
    from cnpg_mcp.auth.place import Place  # noqa: PLC0415
    from cnpg_mcp.serving.http import build_app  # noqa: PLC0415

    port = settings.port if settings.port is not None else port
    place = Place(settings.public_url or f"http://localhost:{port}", path)
    app = build_app(name, settings, place, getattr(door, entrance))
    _settle()
    return app


def _serve_refusal(error: SettingsError, host: str | None, port: int | None, usual: int) -> None:
    """Answers 503 with what is wrong, at every path but the one that says the process lives."""
    from cnpg_mcp.serving.broken import Broken  # noqa: PLC0415 - seldom needed

    sys.stderr.write(f"cnpg-mcp: {error}\n")
    settings = Settings.model_construct()
    address = host or os.environ.get("HOST") or settings.host
    given = port if port is not None else _number(os.environ.get("PORT"))
    plain = settings.model_copy(update={"host": address.strip("[]"), "port": None})
    _run(Broken(_public(error)), plain, given if given is not None else usual)


def _public(error: SettingsError) -> str:
    """Which settings it is about: their values are nobody's business but the log's."""
    names = {name.upper() + end for name in Settings.model_fields for end in ("", "_FILE")}
    named = [word for word in re.findall(r"[A-Z][A-Z0-9_]+", str(error)) if word in names]
    about = ", ".join(dict.fromkeys(named)) or "the settings"
    return f"This server is misconfigured: {about}. Its log says why, and what to change."


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() else None


def _run(app: "ASGIApp", settings: Settings, usual_port: int) -> None:
    import uvicorn  # noqa: PLC0415 - stdio does not need it

    from cnpg_mcp.serving.protocol import TrimmedHeaders  # noqa: PLC0415

    uvicorn.run(
        app,
        http=TrimmedHeaders,
        host=settings.host,
        port=settings.port if settings.port is not None else usual_port,
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _prepare(settings: Settings) -> None:
    """Before the server is imported, so that `--help` and a refused setting answer at once.

    Imports make much and drop nothing: collecting garbage meanwhile costs a tenth of the start.
    """
    gc.disable()
    for variable, value in _FASTMCP_DEFAULTS.items():
        os.environ.setdefault(variable, value)
    os.environ["FASTMCP_LOG_ENABLED"] = "false"  # its own handler would bypass the redaction
    from cnpg_mcp.serving.logs import configure  # noqa: PLC0415

    configure(settings.log_level, settings.log_format, sys.stderr)


def _settle() -> None:
    """All that was made so far stays; from now on garbage is collected."""
    gc.freeze()
    gc.enable()


def _refuse(error: SettingsError) -> NoReturn:
    sys.stderr.write(f"cnpg-mcp: {error}\n")
    sys.exit(_BAD_SETTINGS)
