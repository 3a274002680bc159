"""What is looked at from inside: settings, the API server, and what has been learned of it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPMethod
from pathlib import Path

from cnpg_mcp.doctor.probe import Failed, Probe, Throttled, Unanswered
from cnpg_mcp.domain import resources
from cnpg_mcp.kube.errors import KubeError, ServerError, StatusError, TooManyRequests
from cnpg_mcp.kube.objects import KubeObject, Resource
from cnpg_mcp.kube.transport import Call, Transport
from cnpg_mcp.settings import Settings

KINDS = tuple(each for each in vars(resources).values() if isinstance(each, Resource))
"""Every kind that the server works with."""
_USUAL_PORT = 3000


def utc_now() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


def may_use(path: Path, mode: int) -> bool:
    """Whether this process may do that (`os.W_OK` and the like) with a file; it is not tried."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


@dataclass
class Place:
    """Where the server runs. `url`: the address that clients use, where it is known."""

    settings: Settings
    transport: Transport
    probe: Probe
    url: str | None = None
    now: Callable[[], datetime] = utc_now
    served: set[Resource] = field(default_factory=lambda: set(KINDS))
    """Kinds that the API server knows: all, until it says otherwise."""

    @property
    def is_main(self) -> bool:
        """Whether the settings are a main server's."""
        return bool(self.settings.auth0_client_id or self.settings.auth0_client_secret)

    @property
    def public_url(self) -> str:
        """The address that the server takes for its own."""
        port = self.settings.port or _USUAL_PORT
        return self.settings.public_url or f"http://localhost:{port}"

    async def ask(self, call: Call) -> KubeObject:
        """What the API server answers.

        Raises:
            StatusError: a refusal (4xx).
            Unanswered, Throttled, Failed: there is no usable answer.
        """
        try:
            return (await self.transport.send(call)).body
        except TooManyRequests as error:
            raise Throttled(f"The API server was asked too much: {error}") from error
        except ServerError as error:
            raise Failed(f"The API server failed: {error}", is_away=False) from error
        except StatusError:
            raise
        except KubeError as error:
            raise Unanswered(str(error)) from error

    async def own_namespace(self) -> str | None:
        """The pod's namespace, or the kubeconfig context's.

        Raises:
            Unanswered: there are no credentials any more.
        """
        try:
            return (await self.transport.connection()).namespace
        except KubeError as error:
            raise Unanswered(str(error)) from error

    async def get(self, path: str, *query: tuple[str, str]) -> KubeObject:
        """What the API server answers to a GET; see `ask`."""
        return await self.ask(Call(HTTPMethod.GET, path, query))
