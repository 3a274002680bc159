"""The pair as `helm install` leaves it: reached by the Ingress, by port-forward, and by helm."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cnpg_mcp.serving.probes import PATHS as INTERNAL
from test.controlplane.process import free_ports
from test.deploy.manifests import MANIFESTS, Manifest
from test.deploy.valuesets import HOST
from test.e2e import truth
from test.e2e.canary import Canary
from test.e2e.desk import ROOT, Desk
from test.e2e.installed.installation import DEPLOYMENT, Installation, prepared
from test.e2e.installed.kubectl import Kubectl
from test.e2e.installed.surroundings import Surroundings
from test.e2e.room import Room
from test.e2e.waiting import until
from test.e2e.writer import Writer, new_name

KINDS = "all,configmaps,serviceaccounts,ingresses,roles,rolebindings,secrets,persistentvolumeclaims"
STAYS = {
    "secret/cnpg-mcp",
    "secret/cnpg-mcp-keys",
    "secret/cnpg-mcp-tls",
    "persistentvolumeclaim/cnpg-mcp-store",
}
"""What a person made, and what is kept for the next installation."""
GONE_SECONDS = 90
NOT_FOUND, UNAUTHORIZED = 404, 401


@pytest.fixture
def test_desk(running: Installation, canary: Canary) -> Iterator[Desk]:
    """A client of the test server by the Ingress, with a token of the provider."""
    with running.desk("test", running.provider_token()) as desk:
        canary.hears(desk)
        yield desk


def test_pod_is_ready_with_both_containers(running: Installation) -> None:
    ready = {each["name"]: each["ready"] for each in running.pod["status"]["containerStatuses"]}
    assert ready == {"mcp-server": True, "mcp-test-sidecar": True}


def test_doctors_find_no_error(running: Installation) -> None:
    running.test()
    assert running.doctors.count("no errors,") == 2, running.doctors


def test_both_servers_have_the_same_tools(desk: Desk, test_desk: Desk) -> None:
    assert desk.tools() == test_desk.tools()


def test_role_made_at_the_test_server_logs_in(
    writer: Writer, test_desk: Desk, running: Installation
) -> None:
    name = new_name("guest")
    there = Writer(test_desk, writer.psql)
    there.applied("create_postgres_role", role_name=name)
    assert writer.psql.why_no_login(name, there.password(name)) == ""
    there.confirmed("delete_postgres_role", role_name=name)
    assert truth.role(writer.psql, name) is None


def test_test_server_takes_no_token_of_the_main_server(running: Installation) -> None:
    assert running.status("/test", token=login(running)) == UNAUTHORIZED


def test_probes_are_not_public(running: Installation) -> None:
    answers = {path: running.status(path, "GET") for path in (*INTERNAL, "/")}
    assert set(answers.values()) == {NOT_FOUND}, answers


def test_test_container_is_reached_by_port_forward(running: Installation, tmp_path: Path) -> None:
    with running.kubectl.forwarded(DEPLOYMENT, 3001, tmp_path) as port:
        address = f"http://localhost:{port}"
        with running.desk("test", running.provider_token(), address) as desk:
            assert "clusters" in desk.ask("list_postgres_clusters").data


def test_whole_life_of_a_cluster_at_the_test_server(
    running: Installation, room: Room, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(running.provider_token())
    with running.kubectl.forwarded(DEPLOYMENT, 3001, tmp_path) as port:
        where = ["--transport", "http", "--url", f"http://localhost:{port}/test"]
        program = [sys.executable, str(ROOT / "test/test-mcp.py"), *where]
        done = subprocess.run(
            [*program, "--token-file", str(token), "--write", "--namespace", room.namespace],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr


def test_main_container_is_reached_by_port_forward_with_a_token_of_the_public_address(
    running: Installation, tmp_path: Path
) -> None:
    token = login(running)
    with (
        running.kubectl.forwarded(DEPLOYMENT, 3000, tmp_path) as port,
        running.desk("main", token, f"http://localhost:{port}") as desk,
    ):
        assert "clusters" in desk.ask("list_postgres_clusters").data


def test_main_container_is_signed_in_to_by_port_forward_where_that_is_its_address(
    ready_around: Surroundings, tmp_path: Path
) -> None:
    (local,) = free_ports(1)
    address = f"http://localhost:{local}"
    values = {
        "publicUrl": address,
        "ingress": {"enabled": False},
        "testSidecar": {"enabled": False},
    }
    with prepared(ready_around, tmp_path, values) as installation:
        installation.install()
        with installation.kubectl.forwarded(DEPLOYMENT, 3000, tmp_path, local):
            token = installation.login(address).access
            with installation.desk("main", token, address) as desk:
                assert "clusters" in desk.ask("list_postgres_clusters").data


def test_test_server_that_is_switched_off_leaves_no_trace_and_uninstalling_leaves_what_it_says(
    ready_around: Surroundings, tmp_path: Path
) -> None:
    values = {"testSidecar": {"serviceAccount": {"create": True}}}
    with prepared(ready_around, tmp_path, values) as installation:
        installation.install()
        token = login(installation)
        traces = {name for name in installation.kubectl.names(KINDS) if "cnpg-mcp-test" in name}
        assert len(traces) == 4  # Service, ConfigMap, account and its token
        installation.upgrade({"testSidecar": {"enabled": False}})
        installation.await_status("/test", NOT_FOUND)
        installation.await_status("/mcp", UNAUTHORIZED)
        until(lambda: not traces_of_test(installation), GONE_SECONDS, "no trace is left")
        assert [each["name"] for each in installation.pod["spec"]["containers"]] == ["mcp-server"]
        assert installation.paths == ["/mcp"]
        with installation.desk("main", token) as desk:
            assert "clusters" in desk.ask("list_postgres_clusters").data
        installation.uninstall()
        until(lambda: left(installation) == STAYS, GONE_SECONDS, "the pod has ended")


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: each.file)
def test_manifest_gives_the_same_without_helm(
    ready_around: Surroundings, tmp_path: Path, manifest: Manifest
) -> None:
    with prepared(ready_around, tmp_path) as installation:
        complete(installation.kubectl, manifest)
        installation.kubectl.run("apply", "-f", "-", given=filled_in(installation, manifest))
        surround(installation)
        installation.kubectl.run("rollout", "status", DEPLOYMENT, "--timeout=120s")
        for path in installation.paths:
            installation.await_status(path, UNAUTHORIZED)
        assert installation.paths == ["/mcp", "/test"][: 1 + manifest.sidecar]
        with installation.desk("main", login(installation)) as desk:
            assert "clusters" in desk.ask("list_postgres_clusters").data


def login(installation: Installation) -> str:
    """A token of the main server for a person who has signed in by the Ingress."""
    return installation.login().access


def traces_of_test(installation: Installation) -> set[str]:
    """Kind and name of all that is the test server's own."""
    return {name for name in installation.kubectl.names(KINDS) if "-test" in name}


def left(installation: Installation) -> set[str]:
    """Kind and name of all that is the servers' own."""
    return {name for name in installation.kubectl.names(KINDS) if "cnpg-mcp" in name}


def complete(kubectl: Kubectl, manifest: Manifest) -> None:
    """Adds the keys that the manifest's head says to make."""
    keys = {name: f"made-up-{name}-of-a-test-" * 3 for name in manifest.keys}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cnpg-mcp"}}
    kubectl.apply({**secret, "stringData": keys})


def filled_in(installation: Installation, manifest: Manifest) -> str:
    """The manifest with what people fill in: host, registry; and a namespace of its own."""
    image = installation.values["image"]
    name = f"{image['repository']}:{image['tag']}"
    namespace = installation.namespace
    changes = {
        HOST: installation.host,
        "image: cnpg-mcp:0.1.0": f"image: {name}",
        "namespace: cnpg-mcp\n": f"namespace: {namespace}\n",
        "  name: cnpg-mcp\n  labels:\n": f"  name: {namespace}\n  labels:\n",
        'ALLOWED_NAMESPACES: "cnpg-mcp"': f'ALLOWED_NAMESPACES: "{namespace}"',
    }
    text = manifest.path.read_text()
    for shown, chosen in changes.items():
        assert shown in text
        text = text.replace(shown, chosen)
    return text


def surround(installation: Installation) -> None:
    """What this cluster needs besides: the provider's name and the authority of its certificate."""
    values = installation.values
    spec = installation.kubectl.json(DEPLOYMENT)["spec"]["template"]["spec"]
    containers = [
        {
            "name": each["name"],
            "env": values["extraEnv"],
            "volumeMounts": values["extraVolumeMounts"],
        }
        for each in spec["containers"]
    ]
    installation.kubectl.patch(
        DEPLOYMENT,
        {
            "spec": {
                "template": {
                    "spec": {
                        "hostAliases": values["hostAliases"],
                        "volumes": values["extraVolumes"],
                        "containers": containers,
                    }
                }
            }
        },
    )
