"""Helm installs, upgrades and removes on the real API server; keys and logins outlive all of it."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from test.controlplane.api import ApiError, KubeClient
from test.controlplane.plane import Plane
from test.deploy.applying import guarded_namespace
from test.deploy.valuesets import HOST, merged
from test.helm import CHART, Helm, HelmRefused, Values

CREDENTIALS = ("OIDC_ISSUER", "OIDC_AUDIENCE", "AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET")
KEYS = {"OAUTH_SIGNING_KEY", "PLAN_KEY", "TEST_PLAN_KEY"}
RELEASE = "cnpg-mcp"


@dataclass(frozen=True)
class Ground:
    """A namespace where the chart is installed by name and taken away again."""

    helm: Helm
    admin: KubeClient
    namespace: str

    def do(self, verb: str, values: Values | None = None, release: str = RELEASE) -> str:
        """`helm install` or `helm upgrade` with these values."""
        chosen = merged({"ingress": {"host": HOST}}, values or {})
        return self.helm.run(verb, release, str(CHART), "-n", self.namespace, values=chosen)

    def uninstall(self) -> None:
        """`helm uninstall`."""
        self.helm.run("uninstall", RELEASE, "-n", self.namespace)

    async def keys(self) -> dict[str, str]:
        """The keys that were made."""
        data: dict[str, str] = (await self.get("secrets", "cnpg-mcp-keys"))["data"]
        return data

    async def get(self, plural: str, name: str) -> KubeObject:
        """One object."""
        return await self.admin.get(plural, self.namespace, name)

    async def left(self, plural: str) -> list[str]:
        """Names of the objects of a kind."""
        found = await self.admin.list(plural, self.namespace)
        return sorted(each["metadata"]["name"] for each in found)


@pytest.fixture
async def empty(helm: Helm, bare_plane: Plane) -> AsyncIterator[Ground]:
    """Without the Secret of the provider."""
    async with KubeClient(bare_plane.admin_kubeconfig) as admin:
        namespace = await guarded_namespace(admin, bare_plane.create_namespace())
        yield Ground(replace(helm, kubeconfig=bare_plane.admin_kubeconfig), admin, namespace)
        bare_plane.delete_namespace(namespace)


@pytest.fixture
async def ground(empty: Ground) -> Ground:
    """With it."""
    await make_credentials(empty, *CREDENTIALS)
    return empty


async def make_credentials(ground: Ground, *names: str) -> None:
    """The Secret that a person makes first."""
    await ground.admin.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "cnpg-mcp", "namespace": ground.namespace},
            "stringData": dict.fromkeys(names, uuid.uuid4().hex),
        }
    )


async def test_install_makes_keys_of_enough_length_and_all_different(ground: Ground) -> None:
    ground.do("install")
    keys = await ground.keys()
    assert keys.keys() == KEYS
    assert len(set(keys.values())) == len(KEYS)
    assert min(map(len, keys.values())) > 64


async def test_upgrade_keeps_the_keys(ground: Ground) -> None:
    ground.do("install")
    before = await ground.keys()
    ground.do("upgrade", {"settings": {"LOG_LEVEL": "DEBUG"}})
    assert await ground.keys() == before
    assert (await ground.get("configmaps", "cnpg-mcp-main"))["data"]["LOG_LEVEL"] == "DEBUG"


async def test_key_that_somebody_changed_stays_as_it_is(ground: Ground) -> None:
    ground.do("install")
    mine = {"stringData": {"PLAN_KEY": "x" * 40}}
    await ground.admin.patch("secrets", ground.namespace, "cnpg-mcp-keys", mine)
    before = await ground.keys()
    ground.do("upgrade")
    assert await ground.keys() == before


async def test_rollback_does_not_bring_old_keys_back(ground: Ground) -> None:
    ground.do("install")
    rotated = {"stringData": {"PLAN_KEY": "y" * 40}}
    await ground.admin.patch("secrets", ground.namespace, "cnpg-mcp-keys", rotated)
    before = await ground.keys()
    ground.do("upgrade", {"settings": {"LOG_LEVEL": "DEBUG"}})
    ground.helm.run("rollback", RELEASE, "1", "-n", ground.namespace)
    assert await ground.keys() == before
    assert "LOG_LEVEL" not in (await ground.get("configmaps", "cnpg-mcp-main"))["data"]


async def test_uninstall_leaves_keys_and_logins_and_what_a_person_made(ground: Ground) -> None:
    ground.do("install")
    ground.uninstall()
    assert await ground.left("secrets") == ["cnpg-mcp", "cnpg-mcp-keys"]
    assert await ground.left("persistentvolumeclaims") == ["cnpg-mcp-store"]
    for plural in ("deployments", "services", "ingresses", "serviceaccounts", "roles"):
        assert not [name for name in await ground.left(plural) if name.startswith("cnpg-mcp")]


async def test_install_after_uninstall_takes_up_keys_and_logins(ground: Ground) -> None:
    ground.do("install")
    before = await ground.keys()
    claim = await ground.get("persistentvolumeclaims", "cnpg-mcp-store")
    ground.uninstall()
    ground.do("install")
    assert await ground.keys() == before
    after = await ground.get("persistentvolumeclaims", "cnpg-mcp-store")
    assert after["metadata"]["uid"] == claim["metadata"]["uid"]


async def test_keys_are_not_made_where_a_secret_is_named(ground: Ground) -> None:
    ground.do("install", {"keys": {"existingSecret": "cnpg-mcp"}})
    assert await ground.left("secrets") == [
        "cnpg-mcp",
        "sh.helm.release.v1.cnpg-mcp.v1",
    ]


async def test_sidecar_that_is_switched_off_goes(ground: Ground) -> None:
    own = {"serviceAccount": {"create": True}}
    ground.do("install", {"testSidecar": own})
    assert "cnpg-mcp-test" in await ground.left("services")
    ground.do("upgrade", {"testSidecar": {"enabled": False, **own}})
    for plural in ("services", "configmaps", "serviceaccounts"):
        assert "cnpg-mcp-test" not in await ground.left(plural)
    assert "cnpg-mcp-test-token" not in await ground.left("secrets")
    deployment = await ground.get("deployments", "cnpg-mcp-server")
    containers = deployment["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in containers] == ["mcp-server"]


async def test_rights_that_are_narrowed_are_taken_away(ground: Ground) -> None:
    ground.do("install")
    ground.do("upgrade", {"rbac": {"readOnly": True}})
    assert await ground.left("roles") == ["cnpg-mcp-read"]
    assert await ground.left("rolebindings") == ["cnpg-mcp-read"]


async def test_second_release_in_a_namespace_is_refused(ground: Ground) -> None:
    ground.do("install")
    with pytest.raises(HelmRefused, match="invalid ownership metadata"):
        ground.do("install", release="other")


async def test_installations_in_two_namespaces_do_not_meet(
    ground: Ground, bare_plane: Plane
) -> None:
    namespace = bare_plane.create_namespace()
    other = replace(ground, namespace=namespace)
    await make_credentials(other, *CREDENTIALS)
    for each in (ground, other):
        each.do("install", {"rbac": {"clusterWide": True, "clusterFacts": True}})
    assert await ground.keys() != await other.keys()
    for each in (ground, other):
        each.uninstall()
    bare_plane.delete_namespace(namespace)


async def test_install_without_the_credentials_says_which_are_missing(empty: Ground) -> None:
    await make_credentials(empty, "OIDC_ISSUER", "OIDC_AUDIENCE", "AUTH0_CLIENT_ID")
    sentence = f"Secret cnpg-mcp in namespace {empty.namespace} has no AUTH0_CLIENT_SECRET. Make it"
    with pytest.raises(HelmRefused, match=sentence):
        empty.do("install")
    with pytest.raises(ApiError, match="404"):
        await empty.get("deployments", "cnpg-mcp-server")


async def test_notes_tell_the_addresses_and_the_next_steps(ground: Ground) -> None:
    told = ground.do("install")
    assert f"https://{HOST}/auth/callback" in told
    assert f"claude mcp add --transport http cnpg https://{HOST}/mcp" in told
    assert f"kubectl -n {ground.namespace} rollout status deployment/cnpg-mcp-server" in told
    assert f"helm -n {ground.namespace} test cnpg-mcp" in told
    assert f"https://{HOST}/test" in told


@pytest.mark.parametrize(
    ("values", "told", "untold"),
    [
        ({"testSidecar": {"expose": False}}, "3001:3001", f"https://{HOST}/test"),
        ({"testSidecar": {"enabled": False}}, f"https://{HOST}/mcp", "3001"),
        (
            {"ingress": {"enabled": False, "host": ""}, "publicUrl": "http://localhost:3000"},
            "3000:3000",
            HOST,
        ),
        ({"rbac": {"clusterWide": True}}, "serves all namespaces", "the clusters in"),
        ({"rbac": {"readOnly": True}}, "for reading only", "all namespaces"),
    ],
    ids=["not exposed", "production", "no ingress", "cluster-wide", "read-only"],
)
async def test_notes_tell_what_is_so(
    ground: Ground, values: Values, told: str, untold: str
) -> None:
    notes = ground.do("install", values).partition("NOTES:")[2]
    assert told in notes
    assert untold not in notes
    ground.uninstall()
