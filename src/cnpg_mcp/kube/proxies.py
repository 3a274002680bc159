"""Which proxy the environment names for the API server, read as kubectl reads it."""

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_from_environment(server: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name for the API server."""
    url = urlsplit(server)
    host = url.hostname or ""
    proxies = getproxies()
    if host == "localhost" or proxy_bypass(host) or _is_near(host, proxies.get("no", "")):
        return None
    return proxies.get(url.scheme)


def _is_near(host: str, exceptions: str) -> bool:
    """Whether an address is this machine's, or in a network of NO_PROXY."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    networks = (part.strip() for part in exceptions.split(",") if "/" in part)
    return address.is_loopback or any(_contains(network, host) for network in networks)


def _contains(network: str, host: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
