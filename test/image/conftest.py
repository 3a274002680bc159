"""Fixtures: the image built, unpacked, and run."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from test.image.archive import Archive
from test.image.build import built_image
from test.image.builders import Unavailable
from test.image.container import Container, Root, runc
from test.tiers import cannot_run

Start = Callable[..., Container]
SIGN_IN = {
    "OIDC_ISSUER": "https://issuer.invalid/",
    "OIDC_AUDIENCE": "https://mcp.invalid/mcp",
    "PUBLIC_URL": "https://mcp.invalid",
}
"""What both servers need; the provider is never reached."""
MAIN_SIGN_IN = {
    **SIGN_IN,
    "AUTH0_CLIENT_ID": "nobody",
    "AUTH0_CLIENT_SECRET": "not a secret",
    "OAUTH_SIGNING_KEY": "for a test " * 4,
    "OAUTH_STORE": "/var/lib/cnpg-mcp",
}
"""What the main server needs besides."""


@pytest.fixture(scope="session")
def archive() -> Archive:
    """The image of this checkout."""
    try:
        return Archive(built_image().archive)
    except Unavailable as reason:
        cannot_run("image", f"no image: {reason}")


@pytest.fixture(scope="session")
def root(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """The image's files."""
    try:
        runc()
    except Unavailable as reason:
        cannot_run("image", str(reason))
    return Root.of(archive, tmp_path_factory.mktemp("image"))


@pytest.fixture
def start(root: Root, tmp_path: Path) -> Iterator[Start]:
    """Starts a container that ends with the test."""
    with ExitStack() as stack:

        def started(*arguments: str, **options: object) -> Container:
            container = Container(root, tmp_path, arguments, **options)  # type: ignore[arg-type]
            return stack.enter_context(container)

        yield started


@pytest.fixture
def main_server(start: Start) -> Container:
    """The main server with the arguments of the decision record."""
    return start(
        *("--transport", "http", "--port", "3000"),
        environment=MAIN_SIGN_IN,
        volumes=[MAIN_SIGN_IN["OAUTH_STORE"]],
    )
