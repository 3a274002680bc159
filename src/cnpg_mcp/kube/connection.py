"""Where the API server is and who we are to it: in-cluster, or a kubeconfig and a context."""

import os
from dataclasses import dataclass
from http import HTTPMethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnpg_mcp.kube.errors import ConfigurationError, NotKubernetes, Unreachable
from cnpg_mcp.kube.proxies import proxy_from_environment

if TYPE_CHECKING:
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
    from kubernetes.aio.client import ApiClient, Configuration

_MALFORMED = (ValueError, TypeError, AttributeError, KeyError)
"""What the client's own parser raises on a kubeconfig that is YAML, but no kubeconfig."""
_REDIRECTIONS = range(300, 400)
_SERVICE_ACCOUNT = "service account"
_POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


@dataclass(frozen=True)
class ConnectionSource:
    """What to connect with: a kubeconfig path (`None`: the usual places) and a context."""

    kubeconfig: str | None = None
    context: str | None = None


@dataclass(frozen=True, eq=False)
class Connection:
    """A configured client, and what the configuration says about the caller."""

    client: "ApiClient"
    namespace: str | None
    """The pod's own namespace, or the context's."""
    identity: str = ""
    """User and context of the kubeconfig, or the pod's service account."""


async def connect(source: ConnectionSource) -> Connection:
    """Reads the credentials and makes a client; nothing is sent yet.

    A kubeconfig that is named wins, then in-cluster credentials, then `~/.kube/config`.

    Raises:
        ConfigurationError: there is nothing to connect with, and what to set.
    """
    # Imported late: tools/list must not wait for the Kubernetes client (docs/performance.md).
    import yaml  # noqa: PLC0415
    from kubernetes.aio.client import Configuration  # noqa: PLC0415
    from kubernetes.aio.config import ConfigException  # noqa: PLC0415

    configuration = Configuration()
    try:
        if source.kubeconfig is None and source.context is None and _in_cluster():
            namespace, identity = _load_in_cluster(configuration), _SERVICE_ACCOUNT
        else:
            namespace, identity = await _load_kubeconfig(configuration, source)
        return Connection(make_client(configuration), namespace, identity)
    except (ConfigException, yaml.YAMLError, OSError, *_MALFORMED) as error:
        raise ConfigurationError(f"No usable Kubernetes credentials: {error}") from error


def make_client(configuration: "Configuration") -> "ApiClient":
    """A client that talks to the configured address alone; nothing is sent yet."""
    from kubernetes.aio.client import ApiClient  # noqa: PLC0415 - see connect

    # aiohttp would look for a proxy and for ~/.netrc in threads at every request: the proxy is
    # looked up once, and passwords of ~/.netrc have no business at an API server.
    configuration.proxy = configuration.proxy or proxy_from_environment(configuration.host)
    configuration.client_session_kwargs = {
        "trust_env": False,
        "middlewares": (_refuse_redirects, _send_once),
    }
    return ApiClient(configuration)


async def _refuse_redirects(
    request: "ClientRequest", handler: "ClientHandlerType"
) -> "ClientResponse":
    """No resource of the API redirects; aiohttp would follow, with a create turned into a GET."""
    response = await handler(request)
    if response.status in _REDIRECTIONS:
        response.close()
        raise NotKubernetes(maybe_applied=request.method != HTTPMethod.GET)
    return response


async def _send_once(request: "ClientRequest", handler: "ClientHandlerType") -> "ClientResponse":
    """No write is sent twice: aiohttp would repeat a DELETE whose connection is cut.

    The answer to the second one (gone, or changed) would stand for the first one.
    """
    from aiohttp import (  # noqa: PLC0415 - see connect
        ClientConnectorError,
        ClientOSError,
        ServerDisconnectedError,
    )

    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        if request.method == HTTPMethod.GET:
            raise
        raise Unreachable(
            f"The connection to the API server was cut: {error}", maybe_applied=True
        ) from error


def _in_cluster() -> bool:
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


def _load_in_cluster(configuration: "Configuration") -> str | None:
    from kubernetes.aio.config import load_incluster_config  # noqa: PLC0415 - see connect

    load_incluster_config(client_configuration=configuration)
    return _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.exists() else None


async def _load_kubeconfig(
    configuration: "Configuration", source: ConnectionSource
) -> tuple[str | None, str]:
    """The context's namespace, and who the kubeconfig says we are."""
    from kubernetes.aio.config import load_kube_config  # noqa: PLC0415 - see connect

    path = _kubeconfig_path(source)
    loader = await load_kube_config(
        config_file=path,
        context=source.context,
        client_configuration=configuration,
        persist_config=False,
    )
    _require_plugin_credentials(configuration, loader)
    current: dict[str, Any] = loader.current_context
    context: dict[str, Any] = current.get("context") or {}
    return context.get("namespace"), f"{context.get('user')}@{current.get('name')}"


def _require_plugin_credentials(configuration: "Configuration", loader: object) -> None:
    """The client only logs that a credential plugin failed, and would go on as nobody."""
    user = getattr(loader, "_user", None) or {}
    if "exec" in user and not configuration.api_key and not configuration.cert_file:
        raise ConfigurationError(
            "The credential plugin of the kubeconfig failed. Run `kubectl get namespaces` with "
            "the same context to see why; you may have to sign in again."
        )


def _kubeconfig_path(source: ConnectionSource) -> str:
    """The path (or paths, joined as in KUBECONFIG); at least one must exist."""
    path = source.kubeconfig or "~/.kube/config"
    parts = [Path(part).expanduser() for part in path.split(os.pathsep) if part]
    if not any(part.is_file() for part in parts):
        raise ConfigurationError(f"No kubeconfig at {path}{_instead()}")
    return path


def _instead() -> str:
    """What to do without the kubeconfig, which a pod needs only when it is told to."""
    if _in_cluster():
        return ". Unset KUBECONFIG and KUBE_CONTEXT to use the credentials of this pod."
    return ", and this process does not run in a pod. Set KUBECONFIG to a kubeconfig file."
