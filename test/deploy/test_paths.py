"""The Ingress serves what the servers route, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from cnpg_mcp.auth import door
from cnpg_mcp.auth.place import Place
from cnpg_mcp.serving.http import build_app
from cnpg_mcp.serving.probes import PATHS
from cnpg_mcp.settings import Settings
from test.deploy.conftest import Render
from test.deploy.rendered import Rendered
from test.deploy.valuesets import HOST
from test.helm import Values

SERVERS = {
    "cnpg-mcp-main": (3000, "/mcp", door.main_entrance),
    "cnpg-mcp-test": (3001, "/test", door.token_entrance),
}
MAIN, TEST = SERVERS
SETTINGS = {"default": {}, "metadata of clients": {"oauth_cimd": True}}


def routed(service: str, folder: Path, **more: Any) -> set[str]:
    """The paths at which a server answers."""
    _, path, enter = SERVERS[service]
    settings = Settings(
        public_url=f"https://{HOST}",
        oidc_issuer="https://idp.example.com",
        oidc_audience="cnpg-mcp",
        auth0_client_id="client",
        auth0_client_secret="x" * 32,
        oauth_signing_key="x" * 32,
        oauth_store=str(folder),
        **more,
    )
    app = build_app("cnpg-mcp", settings, Place(f"https://{HOST}", path), enter)
    return {route.path for route in _innermost(app).routes}


def _innermost(app: Any) -> Starlette:
    """The application that routes, without what is in front of it."""
    while not isinstance(app, Starlette):
        app = getattr(app, "app", None) or app._app
    return app


def served(rendered: Rendered, service: str) -> set[str]:
    """The paths that the Ingress leads to a Service."""
    return {path for path, _, name, _ in rendered.paths if name == service}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("service", SERVERS)
def test_every_path_of_a_server_is_public_and_nothing_else(
    render: Render, tmp_path: Path, service: str, settings: dict[str, Any]
) -> None:
    public = served(render(), service)
    assert public == routed(service, tmp_path, **settings) - PATHS
    assert len(public) == {MAIN: 9, TEST: 2}[service]


def test_every_path_leads_to_the_port_of_its_service(render: Render) -> None:
    for _, _, service, port in render().paths:
        assert port == SERVERS[service][0]


@pytest.mark.parametrize(
    "values", [{"enabled": False}, {"expose": False}], ids=["disabled", "not exposed"]
)
def test_test_server_is_public_only_when_it_is_on_and_exposed(
    render: Render, values: Values
) -> None:
    rendered = render({"testSidecar": values})
    assert served(rendered, TEST) == set()
    assert served(rendered, MAIN) == served(render(), MAIN)


def test_probes_look_where_the_servers_answer_them(render: Render) -> None:
    probes = [
        probe["httpGet"]["path"]
        for container in render().containers.values()
        for name, probe in container.items()
        if name.endswith("Probe")
    ]
    assert set(probes) <= PATHS
