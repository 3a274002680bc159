"""Where a server is, as its clients see it."""

from dataclasses import dataclass

from mcp.server.auth.routes import build_resource_metadata_url
from pydantic import AnyHttpUrl


@dataclass(frozen=True)
class Place:
    """Its public address without path (`https://host`), and the path of its endpoint (`/mcp`)."""

    public_url: str
    path: str

    @property
    def resource(self) -> str:
        """The address of the endpoint: what clients name as resource (RFC 8707)."""
        return f"{self.public_url}{self.path}"

    @property
    def metadata_url(self) -> str:
        """Where the resource's metadata is (RFC 9728, section 3.1)."""
        return str(build_resource_metadata_url(AnyHttpUrl(self.resource)))


@dataclass(frozen=True)
class Offered:
    """Scopes that clients are told of: all that there are, and those to ask for at first."""

    supported: tuple[str, ...]
    at_first: tuple[str, ...]
