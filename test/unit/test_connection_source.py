"""Where the API server is found, and that credentials which rotate are picked up."""

import asyncio
import base64
import datetime
import ssl
from http import HTTPMethod
from types import SimpleNamespace

import pytest
from kubernetes.aio.config import incluster_config

from cnpg_mcp.kube import connection
from cnpg_mcp.kube.connection import ConnectionSource, connect
from cnpg_mcp.kube.errors import ConfigurationError
from cnpg_mcp.kube.transport import Call, Transport
from test.controlplane.pki import Authority
from test.unit.faulty_server import failed, faulty_server, ok

READ = Call(HTTPMethod.GET, "/api/v1/namespaces")


@pytest.fixture(autouse=True)
def outside_of_any_cluster(monkeypatch, tmp_path):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def kubeconfig(path, server="http://127.0.0.1:1", authority="", **user):
    trust = f", certificate-authority: '{authority}'" if authority else ""
    lines = [
        "apiVersion: v1",
        "kind: Config",
        "current-context: one",
        f"clusters: [{{name: here, cluster: {{server: '{server}'{trust}}}}}]",
        "contexts:",
        "- {name: one, context: {cluster: here, user: me, namespace: shop}}",
        "- {name: two, context: {cluster: here, user: me, namespace: orders}}",
        f"users: [{{name: me, user: {user}}}]",
    ]
    path.write_text("\n".join(lines))
    return str(path)


@pytest.fixture
def pod(monkeypatch, tmp_path):
    """What this process finds in a pod: the folder with its token."""
    (tmp_path / "token").write_text("old")
    (tmp_path / "ca").write_text("not used over http")
    (tmp_path / "namespace").write_text("shop")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca"))
    monkeypatch.setattr(connection, "_POD_NAMESPACE", tmp_path / "namespace")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    monkeypatch.setattr("ssl.create_default_context", lambda **_: None)
    return tmp_path


async def namespace_of(source):
    found = await connect(source)
    await found.client.close()
    return found.namespace


async def test_current_context_gives_the_namespace(tmp_path):
    path = kubeconfig(tmp_path / "config", token="not-a-real-token")
    assert await namespace_of(ConnectionSource(path)) == "shop"


async def test_context_can_be_chosen(tmp_path):
    path = kubeconfig(tmp_path / "config", token="not-a-real-token")
    assert await namespace_of(ConnectionSource(path, "two")) == "orders"


async def test_home_kubeconfig_is_found(tmp_path):
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube/config", token="not-a-real-token")
    assert await namespace_of(ConnectionSource()) == "shop"


@pytest.mark.parametrize("content", [None, "", "[]", "a: [", "kind: Config"])
async def test_unusable_kubeconfig_is_a_configuration_error(tmp_path, content):
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError):
        await connect(ConnectionSource(str(path)))


async def test_failing_credential_plugin_is_a_configuration_error(tmp_path):
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/false"}
    path = kubeconfig(tmp_path / "config", exec=plugin)
    with pytest.raises(ConfigurationError, match="plugin"):
        await connect(ConnectionSource(path))


async def test_token_file_of_a_kubeconfig_is_read_anew_after_a_401(tmp_path):
    (tmp_path / "token").write_text("old")
    async with faulty_server(failed(401), ok()) as server:
        path = kubeconfig(tmp_path / "config", server.url, tokenFile=str(tmp_path / "token"))
        transport = Transport(lambda: connect(ConnectionSource(path)))
        (await transport.connection()).client.user_agent = "first"
        (tmp_path / "token").write_text("new")
        await transport.send(READ)
        await transport.close()
    tokens = [request.headers["Authorization"] for request in server.seen]
    assert tokens == ["Bearer old", "Bearer new"]


async def test_token_of_a_pod_is_read_anew_after_a_401(pod):
    async with faulty_server(failed(401), ok()) as server:

        async def from_pod():
            found = await connect(ConnectionSource())
            found.client.configuration.host = server.url
            found.client.configuration.refresh_api_key_hook = None  # it would put the host back
            assert found.namespace == "shop"
            return found

        transport = Transport(from_pod)
        await transport.connection()
        (pod / "token").write_text("new")
        await transport.send(READ)
        await transport.close()
    tokens = [request.headers["Authorization"].lower() for request in server.seen]
    assert tokens == ["bearer old", "bearer new"]


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({"https_proxy": "http://proxy.example:3128"}, "http://proxy.example:3128"),
        ({"https_proxy": "http://proxy.example:3128", "no_proxy": "192.0.2.1"}, None),
        ({"https_proxy": "http://proxy.example:3128", "no_proxy": "a.example, 192.0.2.0/24"}, None),
        (
            {"https_proxy": "http://proxy.example:3128", "NO_PROXY": "10.0.0.0/8,no/network"},
            "http://proxy.example:3128",
        ),
        ({}, None),
    ],
)
async def test_proxy_of_the_environment_is_used(monkeypatch, tmp_path, environment, proxy):
    for name in ("http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert await proxy_for(tmp_path, "https://192.0.2.1:1") == proxy


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
async def test_this_machine_is_asked_without_a_proxy(monkeypatch, tmp_path, host):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    assert await proxy_for(tmp_path, f"https://{host}:1") is None


async def proxy_for(folder, server):
    path = kubeconfig(folder / "config", server, token="not-a-real-token")
    found = await connect(ConnectionSource(path))
    await found.client.close()
    return found.client.configuration.proxy


@pytest.mark.parametrize(
    ("authority", "user"),
    [("bad", {}), ("", {"client-certificate": "bad", "client-key": "bad"})],
    ids=["authority", "client"],
)
async def test_unusable_certificate_is_a_configuration_error(tmp_path, authority, user):
    (tmp_path / "bad").write_text("no certificate")
    path = kubeconfig(tmp_path / "config", "https://127.0.0.1:1", authority, **user)
    with pytest.raises(ConfigurationError):
        await connect(ConnectionSource(path))


class Tomorrow(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) + datetime.timedelta(days=1)


@pytest.mark.parametrize("content", [None, ""])
async def test_token_of_a_pod_that_vanishes_is_a_configuration_error(monkeypatch, pod, content):
    transport = Transport(lambda: connect(ConnectionSource()))
    await transport.connection()
    monkeypatch.setattr(incluster_config, "datetime", SimpleNamespace(datetime=Tomorrow))
    (pod / "token").unlink()
    if content is not None:
        (pod / "token").write_text(content)
    with pytest.raises(ConfigurationError):
        await transport.send(READ)
    await transport.close()


@pytest.mark.usefixtures("pod")
async def test_context_in_a_pod_needs_a_kubeconfig():
    with pytest.raises(ConfigurationError) as raised:
        await connect(ConnectionSource(context="one"))
    assert "does not run in a pod" not in raised.value.message
    assert "KUBE_CONTEXT" in raised.value.message


async def test_passwords_of_netrc_are_not_sent(tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password not-for-kubernetes")
    async with faulty_server(ok()) as server:
        path = kubeconfig(tmp_path / "config", server.url)
        transport = Transport(lambda: connect(ConnectionSource(path)))
        await transport.send(READ)
        await transport.close()
    sent = server.seen[0].headers.get("Authorization", "")
    assert base64.b64encode(b"me:not-for-kubernetes").decode() not in sent


async def test_certificate_of_another_authority_is_not_worth_a_retry(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours, theirs):
        folder.mkdir()
    (ours / "ca.crt").write_bytes(Authority(ours).pem)
    certificate, key = Authority(theirs).issue_files("serving", "kube-apiserver")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    source = ConnectionSource(
        kubeconfig(tmp_path / "config", f"https://127.0.0.1:{port}", authority=str(ours / "ca.crt"))
    )
    transport = Transport(lambda: connect(source))
    async with server:
        with pytest.raises(ConfigurationError, match="certificate"):
            await transport.send(READ)
        await transport.close()
