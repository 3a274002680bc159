"""Where the API server is and who we are to it: in-cluster, or a kubeconfig and a context."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from cnpg_mcp.kube.errors import ConfigurationError

if TYPE_CHECKING:
    from kubernetes.aio.client import ApiClient, Configuration

_MALFORMED = (ValueError, TypeError, AttributeError, KeyError)
"""What the client's own parser raises on a kubeconfig that is YAML, but no kubeconfig."""
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
    origin: str
    """For people: `in-cluster` or the kubeconfig's context and user."""


async def connect(source: ConnectionSource) -> Connection:
    """Reads the credentials and makes a client; nothing is sent yet.

    A kubeconfig that is named wins, then in-cluster credentials, then `~/.kube/config`.

    Raises:
        ConfigurationError: there is nothing to connect with, and what to set.
    """
    # Imported late: tools/list must not wait for the Kubernetes client (docs/performance.md).
    import yaml  # noqa: PLC0415
    from kubernetes.aio.client import ApiClient, Configuration  # noqa: PLC0415
    from kubernetes.aio.config import ConfigException  # noqa: PLC0415

    configuration = Configuration()
    try:
        if source.kubeconfig is None and source.context is None and _in_cluster():
            namespace, origin = _load_in_cluster(configuration)
        else:
            namespace, origin = await _load_kubeconfig(configuration, source)
    except (ConfigException, yaml.YAMLError, OSError, *_MALFORMED) as error:
        raise ConfigurationError(f"No usable Kubernetes credentials: {error}") from error
    # aiohttp would look for a proxy and for ~/.netrc in threads at every request: the proxy is
    # looked up once, and passwords of ~/.netrc have no business at an API server.
    configuration.proxy = configuration.proxy or _proxy_from_environment(configuration.host)
    configuration.client_session_kwargs = {"trust_env": False}
    return Connection(ApiClient(configuration), namespace, origin)


def _proxy_from_environment(server: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for the API server."""
    url = urlsplit(server)
    if proxy_bypass(url.hostname or ""):
        return None
    return getproxies().get(url.scheme)


def _in_cluster() -> bool:
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


def _load_in_cluster(configuration: "Configuration") -> tuple[str | None, str]:
    from kubernetes.aio.config import load_incluster_config  # noqa: PLC0415 - see connect

    load_incluster_config(client_configuration=configuration)
    namespace = _POD_NAMESPACE.read_text().strip() if _POD_NAMESPACE.exists() else None
    return namespace, "in-cluster"


async def _load_kubeconfig(
    configuration: "Configuration", source: ConnectionSource
) -> tuple[str | None, str]:
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
    return context.get("namespace"), f"context {current.get('name')}, user {context.get('user')}"


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
        raise ConfigurationError(
            f"No kubeconfig at {path}, and this process does not run in a pod. "
            "Set KUBECONFIG to a kubeconfig file."
        )
    return path
