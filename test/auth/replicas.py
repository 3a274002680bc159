"""Two main servers that share a Redis."""

from pathlib import Path

from test.auth.providers.base import Provider, settings
from test.auth.redis import Redis, redis_program
from test.auth.roundrobin import RoundRobin
from test.auth.servers import Server
from test.auth.site import SIGNING_KEY
from test.controlplane.process import free_ports

PLAN_KEY = "made-up-plan-key-of-a-test-" * 2


class Replicas:
    """Two main servers with one Redis, and the Service in front of them."""

    def __init__(self, folder: Path, provider: Provider, **more: str) -> None:
        self.provider = provider
        (self.port,) = free_ports(1)
        (folder / "redis").mkdir(parents=True)
        self.redis = Redis(folder / "redis", redis_program())
        shared = {
            **settings(provider),
            "PUBLIC_URL": f"http://localhost:{self.port}",
            "OAUTH_SIGNING_KEY": SIGNING_KEY,
            "OAUTH_STORE": self.redis.url,
            "PLAN_KEY": PLAN_KEY,
            **more,
        }
        self.servers = [Server("main", folder / name, shared) for name in ("one", "two")]
        self.service = RoundRobin(self.port, [server.port for server in self.servers])
        self.base = f"http://localhost:{self.port}"

    @property
    def mcp(self) -> str:
        """The address of the MCP endpoint."""
        return f"{self.base}/mcp"

    def start(self) -> None:
        """Starts everything but the provider."""
        self.redis.start()
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait()
        self.service.start()

    def stop(self) -> None:
        """Stops everything but the provider."""
        self.service.stop()
        for server in self.servers:
            server.stop()
        self.redis.stop()
