"""The manifests at the top are the chart's, and can be applied as they stand."""

import re

import pytest

from test.deploy.manifests import MANIFESTS, PAIR, PRODUCTION, SECRET, Manifest
from test.deploy.rendered import MAIN, TEST, Rendered
from test.helm import Helm

each_manifest = pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: each.file)


def rendered(manifest: Manifest) -> Rendered:
    """The objects of the file."""
    return Rendered.of(manifest.path.read_text())


def header(manifest: Manifest) -> str:
    """What the file says before its first object."""
    return manifest.path.read_text().partition("\n---\n")[0]


@each_manifest
def test_manifest_is_what_the_chart_gives(helm: Helm, manifest: Manifest) -> None:
    assert manifest.path.read_text() == manifest.text(helm), "run make manifests"


@each_manifest
def test_namespace_comes_first_and_is_restricted(manifest: Manifest) -> None:
    first, *others = rendered(manifest).objects
    assert (first["kind"], first["metadata"]["name"]) == ("Namespace", "cnpg-mcp")
    assert first["metadata"]["labels"] == {"pod-security.kubernetes.io/enforce": "restricted"}
    assert {each["metadata"]["namespace"] for each in others} == {"cnpg-mcp"}


@each_manifest
def test_manifest_has_no_secret_and_no_hook(manifest: Manifest) -> None:
    assert {"Secret", "Pod"}.isdisjoint(kind for kind, _ in rendered(manifest).names)


@each_manifest
def test_command_makes_every_key_that_the_pods_ask_for(manifest: Manifest) -> None:
    objects = rendered(manifest)
    asked = set()
    for container in objects.containers:
        for variable in objects.variables(container).values():
            if "value" not in variable:
                reference = variable["valueFrom"]["secretKeyRef"]
                assert reference["name"] == SECRET
                asked.add(reference["key"])
    assert set(re.findall(r"--from-literal=([A-Z0-9_]+)=", header(manifest))) == asked


@each_manifest
def test_host_is_filled_in_by_the_command(manifest: Manifest) -> None:
    pattern, host = re.findall(r"-e 's/([^/]+)/(HOST)/'", header(manifest))[0]
    filled = Rendered.of(re.sub(pattern, "db.example.org", manifest.path.read_text()))
    assert host == "HOST"
    assert filled.settings("cnpg-mcp-main")["PUBLIC_URL"] == "https://db.example.org"
    spec = filled.one("Ingress")["spec"]
    assert (spec["rules"][0]["host"], spec["tls"][0]["hosts"]) == (
        "db.example.org",
        ["db.example.org"],
    )


def test_production_has_no_test_server_and_the_pair_has_one() -> None:
    assert list(rendered(PRODUCTION).containers) == [MAIN]
    assert list(rendered(PAIR).containers) == [MAIN, TEST]
    assert ("Service", "cnpg-mcp-test") in rendered(PAIR).names
    text = PRODUCTION.path.read_text().lower()
    assert "test" not in text
    assert "3001" not in text
