"""The real API server takes what the chart gives, under the level "restricted"."""

from collections.abc import AsyncIterator

import pytest

from test.controlplane.access import Permission, permissions, shipped
from test.controlplane.api import ApiError, KubeClient, until
from test.controlplane.plane import Plane
from test.deploy.applying import admit_pods, apply_all, guarded_namespace
from test.deploy.conftest import Render
from test.deploy.manifests import MANIFESTS, Manifest
from test.deploy.rendered import Rendered
from test.deploy.valuesets import SETS, merged
from test.helm import Values

HONOURED_SECONDS = 60


@pytest.fixture
async def judge(bare_plane: Plane) -> AsyncIterator[KubeClient]:
    """The administrator of a cluster where nothing works on the objects."""
    async with KubeClient(bare_plane.admin_kubeconfig) as client:
        yield client


@pytest.fixture
async def guarded(bare_plane: Plane, judge: KubeClient) -> AsyncIterator[str]:
    """A namespace where only restricted pods may run."""
    name = await guarded_namespace(judge, bare_plane.create_namespace())
    yield name
    bare_plane.delete_namespace(name)


def placed(plane: Plane, values: Values) -> Values:
    """The values, with target namespaces that exist."""
    wanted = values.get("rbac", {}).get("targetNamespaces", ())
    made = [plane.create_namespace(name) for name in wanted]
    return merged(values, {"rbac": {"targetNamespaces": made}} if made else {})


@pytest.mark.parametrize("name", SETS)
async def test_api_server_takes_everything_without_a_warning(
    render: Render, bare_plane: Plane, judge: KubeClient, guarded: str, name: str
) -> None:
    rendered = render(placed(bare_plane, SETS[name]), namespace=guarded)
    if name == "account-that-exists":
        await judge.create(
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "dba", "namespace": guarded},
            }
        )
    assert await apply_all(judge, rendered) == []
    assert await admit_pods(judge, rendered) == []


async def test_pod_that_is_not_restricted_would_be_refused(
    render: Render, judge: KubeClient, guarded: str
) -> None:
    loose = {"securityContext": {"allowPrivilegeEscalation": True, "capabilities": {"drop": []}}}
    rendered = render(loose, namespace=guarded)
    await apply_all(judge, rendered)
    with pytest.raises(ApiError, match="allowPrivilegeEscalation"):
        await admit_pods(judge, rendered)


async def test_unknown_field_would_be_refused(
    render: Render, judge: KubeClient, guarded: str
) -> None:
    text = render(namespace=guarded).documents[0].text
    misspelt = Rendered.of(text.replace("automountServiceAccountToken", "automountToken"))
    with pytest.raises(ApiError, match="automountToken"):
        await apply_all(judge, misspelt)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: each.file)
async def test_api_server_takes_the_manifest(judge: KubeClient, manifest: Manifest) -> None:
    rendered = Rendered.of(manifest.path.read_text())
    assert await apply_all(judge, rendered) == []
    assert await admit_pods(judge, rendered) == []


async def test_account_may_do_what_its_rights_say_and_no_more(
    render: Render, bare_plane: Plane, judge: KubeClient, guarded: str
) -> None:
    own = {"testSidecar": {"serviceAccount": {"create": True}}}
    await apply_all(judge, render(own, namespace=guarded))
    for account, parts in {
        "cnpg-mcp-server": ("cnpg-mcp-read", "cnpg-mcp-write"),
        "cnpg-mcp-test": ("cnpg-mcp-read",),
    }.items():
        granted = {each for part in parts for each in permissions(shipped(part)["rules"])}
        await honoured(judge, guarded, account, granted)
        for wanted in every_permission():
            answer = await may(judge, guarded, account, wanted)
            assert answer == (wanted in granted), (account, wanted)
        assert not await may(judge, "default", account, Permission("", "pods", "list"))


async def honoured(
    judge: KubeClient, namespace: str, account: str, granted: set[Permission]
) -> None:
    """Returns when the API server has taken notice of what was granted."""

    async def holds() -> bool:
        return all([await may(judge, namespace, account, wanted) for wanted in granted])

    await until(holds, HONOURED_SECONDS, lambda: f"{account} may not all that it was granted")


def every_permission() -> set[Permission]:
    """All that any part of the rights gives in a namespace, and some that none gives."""
    parts = ("cnpg-mcp-read", "cnpg-mcp-write", "cnpg-mcp-instance-reports")
    given = {each for part in parts for each in permissions(shipped(part)["rules"])}
    return given | {
        Permission("", "secrets", "update"),
        Permission("", "secrets", "watch"),
        Permission("", "pods", "create"),
        Permission("apps", "deployments", "patch"),
        Permission("rbac.authorization.k8s.io", "roles", "create"),
    }


async def may(judge: KubeClient, namespace: str, account: str, wanted: Permission) -> bool:
    """Whether the API server would let the account do this."""
    resource, _, subresource = wanted.resource.partition("/")
    review = await judge.create(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {
                "user": f"system:serviceaccount:{namespace}:{account}",
                "resourceAttributes": {
                    "group": wanted.group,
                    "resource": resource,
                    "subresource": subresource,
                    "verb": wanted.verb,
                    "namespace": namespace,
                },
            },
        }
    )
    return bool(review["status"]["allowed"])
