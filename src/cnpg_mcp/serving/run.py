"""Running a server: stdio for one client, http for many."""

import argparse
import gc
import logging
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import cnpg_mcp
from cnpg_mcp.settings import Settings, SettingsError, load_settings, require_loopback

if TYPE_CHECKING:
    from fastmcp import FastMCP

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
    _log_to_stderr(settings)
    _build(name, settings).run(transport="stdio", show_banner=False)


def serve_http(name: str, settings: Settings, *, path: str, port: int) -> None:
    """Serves http at a path until told to stop; on loopback only, while there is no sign-in."""
    try:
        require_loopback(settings)
    except SettingsError as error:
        _refuse(error)
    _log_to_stderr(settings)
    server = _build(name, settings)
    _serve(server, settings, path=path, port=settings.port if settings.port is not None else port)


def _build(name: str, settings: Settings) -> "FastMCP":
    """The server. Imported only now, so that `--help` and a refused setting answer at once.

    Imports make much and drop nothing: collecting garbage meanwhile costs a tenth of the start.
    """
    gc.disable()
    for variable, value in _FASTMCP_DEFAULTS.items():
        os.environ.setdefault(variable, value)
    from cnpg_mcp.serving.app import build_estate, build_server  # noqa: PLC0415

    server = build_server(name, build_estate(settings, name))
    gc.freeze()
    gc.enable()
    return server


def _serve(server: "FastMCP", settings: Settings, *, path: str, port: int) -> None:
    import uvicorn  # noqa: PLC0415 - stdio does not need these
    from starlette.middleware import Middleware  # noqa: PLC0415

    from cnpg_mcp.serving.origin import OwnOriginOnly  # noqa: PLC0415

    app = server.http_app(
        path=path,
        stateless_http=True,
        json_response=True,
        host_origin_protection=True,
        allowed_hosts=list(settings.allowed_hosts),
        allowed_origins=list(settings.allowed_origins),
        middleware=[Middleware(OwnOriginOnly, allowed=settings.allowed_origins)],
    )
    uvicorn.run(
        app,
        host=settings.host,
        port=port,
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,
    )


def _refuse(error: SettingsError) -> NoReturn:
    sys.stderr.write(f"cnpg-mcp: {error}\n")
    sys.exit(_BAD_SETTINGS)
