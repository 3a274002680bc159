"""How the pods run: hardened, replaced without loss, and each container with its own secrets."""

import pytest

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.serving.run import _GRACE_SECONDS
from test.deploy.conftest import Render
from test.deploy.rendered import MAIN, TEST, Rendered
from test.deploy.schema import SECRET
from test.deploy.valuesets import DIGEST, GOLDEN, SETS, merged
from test.helm import Values

REDIS: Values = {"store": {"type": "redis", "redis": {"existingSecret": "cnpg-mcp-redis"}}}
OF_THE_LOGIN = {
    *("AUTH0_CLIENT_ID", "AUTH0_CLIENT_SECRET", "OAUTH_SIGNING_KEY"),
    *("OAUTH_STORE", "OAUTH_STORE_KEY"),
}


def all_containers(rendered: Rendered) -> list[KubeObject]:
    """Of the pod and of the doctors."""
    return [each for spec in rendered.pod_specs for each in spec["containers"]]


# --- hardened ---


@pytest.mark.parametrize("name", SETS)
def test_every_pod_is_restricted(render: Render, name: str) -> None:
    rendered = render(SETS[name])
    assert rendered.doctors
    for spec in rendered.pod_specs:
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] > 0
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
    for container in all_containers(rendered):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


@pytest.mark.parametrize("name", SETS)
def test_every_container_has_requests_and_limits(render: Render, name: str) -> None:
    for container in all_containers(render(SETS[name])):
        assert container["resources"].keys() == {"requests", "limits"}


# --- secrets ---


@pytest.mark.parametrize("name", SETS)
def test_no_secret_stands_in_a_config_map(render: Render, name: str) -> None:
    for settings in render(SETS[name]).kind("ConfigMap"):
        assert not SECRET & settings["data"].keys()


@pytest.mark.parametrize("more", [{}, REDIS], ids=["volume", "redis"])
def test_sidecar_gets_nothing_of_the_login(render: Render, more: Values) -> None:
    rendered = render(more)
    assert OF_THE_LOGIN - {"OAUTH_STORE_KEY"} <= rendered.variables(MAIN).keys()
    assert not OF_THE_LOGIN & rendered.variables(TEST).keys()
    mounted = [mount["name"] for mount in rendered.containers[TEST]["volumeMounts"]]
    assert mounted == ["kube-api-access"]


@pytest.mark.parametrize("more", [{}, REDIS], ids=["volume", "redis"])
def test_no_key_of_a_secret_is_given_to_both(render: Render, more: Values) -> None:
    rendered = render(more)
    main, test = (_keys(rendered.variables(name)) for name in (MAIN, TEST))
    assert {key for _, key in main & test} == {"OIDC_ISSUER", "OIDC_AUDIENCE"}


def _keys(variables: dict[str, KubeObject]) -> set[tuple[str, str]]:
    """Secret and key of each variable that comes from one."""
    found = (
        each["valueFrom"]["secretKeyRef"] for each in variables.values() if "value" not in each
    )
    return {(each["name"], each["key"]) for each in found}


def test_pair_of_replicas_needs_shared_plan_keys(render: Render) -> None:
    variables = render({**REDIS, "replicas": 2}).variables(TEST)
    for name in ("PLAN_KEY", "PLAN_STORE"):
        assert "optional" not in variables[name]["valueFrom"]["secretKeyRef"]


def test_provider_in_the_settings_is_not_asked_of_the_secret(render: Render) -> None:
    rendered = render(SETS["provider-in-settings"])
    for container in (MAIN, TEST):
        assert "OIDC_ISSUER" not in rendered.variables(container)
    assert rendered.settings("cnpg-mcp-test")["OIDC_AUDIENCE"] == "cnpg-mcp"


def test_provider_of_one_container_is_asked_of_the_secret_for_the_other(render: Render) -> None:
    rendered = render({"testSidecar": {"settings": {"OIDC_AUDIENCE": "cnpg-mcp-test"}}})
    assert "OIDC_AUDIENCE" in rendered.variables(MAIN)
    assert "OIDC_AUDIENCE" not in rendered.variables(TEST)
    assert rendered.settings("cnpg-mcp-test")["OIDC_AUDIENCE"] == "cnpg-mcp-test"


# --- without the sidecar ---


@pytest.mark.parametrize("name", GOLDEN)
def test_nothing_is_left_of_the_sidecar_when_it_is_off(render: Render, name: str) -> None:
    rendered = render(merged(GOLDEN[name], {"testSidecar": {"enabled": False}}))
    for document in rendered.documents:
        text = document.text.replace("helm.sh/hook: test", "")
        text = "\n".join(line for line in text.splitlines() if not line.startswith("# Source: "))
        assert "test" not in text.lower()
        assert "3001" not in text


# --- replaced ---


def test_grace_is_longer_than_the_longest_wait(render: Render) -> None:
    rendered = render()
    for container in rendered.containers.values():
        pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert rendered.pod["spec"]["terminationGracePeriodSeconds"] > pause + _GRACE_SECONDS


@pytest.mark.parametrize(
    ("values", "strategy"),
    [
        ({}, {"type": "Recreate"}),
        ({"store": {"type": "ephemeral"}}, {"type": "Recreate"}),
        (REDIS, {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}),
    ],
    ids=["volume", "ephemeral", "redis"],
)
def test_strategy_follows_from_the_store(
    render: Render, values: Values, strategy: KubeObject
) -> None:
    assert render(values).deployment["spec"]["strategy"] == strategy


def test_volume_of_the_store_is_written_by_the_main_container_alone(render: Render) -> None:
    rendered = render()
    claim = rendered.one("PersistentVolumeClaim")
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    volumes = {each["name"]: each for each in rendered.pod["spec"]["volumes"]}
    assert volumes["store"]["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
    mounts = {each["name"]: each for each in rendered.containers[MAIN]["volumeMounts"]}
    where = mounts["store"]["mountPath"]
    assert rendered.variables(MAIN)["OAUTH_STORE"]["value"].startswith(f"{where}/")


@pytest.mark.parametrize("name", ["replicated-pair", "ephemeral", "claim-that-exists"])
def test_no_claim_is_made_where_none_is_needed(render: Render, name: str) -> None:
    assert render(SETS[name]).kind("PersistentVolumeClaim") == []


def test_budget_is_there_with_more_than_one_replica_only(render: Render) -> None:
    assert render(REDIS).kind("PodDisruptionBudget") == []
    budget = render({**REDIS, "replicas": 2}).one("PodDisruptionBudget")["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"]["matchLabels"] == {"app": "cnpg-mcp-server"}


@pytest.mark.parametrize(
    "values",
    [
        {"settings": {"LOG_LEVEL": "DEBUG"}},
        {"mainSettings": {"LOG_LEVEL": "DEBUG"}},
        {"testSidecar": {"settings": {"LOG_LEVEL": "DEBUG"}}},
        {"rbac": {"readOnly": True}},
        {"publicUrl": "https://other.example.com"},
    ],
    ids=lambda values: next(iter(values)),
)
def test_changed_settings_replace_the_pods(render: Render, values: Values) -> None:
    assert _checksum(render(values)) != _checksum(render())


def test_what_is_no_setting_replaces_no_pods(render: Render) -> None:
    assert _checksum(render({"serviceMonitor": {"enabled": True}})) == _checksum(render())


def _checksum(rendered: Rendered) -> str:
    return rendered.pod["metadata"]["annotations"]["checksum/settings"]


# --- images ---

OWN, ITS = {"repository": "r.example/own", "tag": "1"}, {"repository": "r.example/its", "tag": "2"}


@pytest.mark.parametrize(
    ("main", "sidecar", "images"),
    [
        ({}, {}, ("cnpg-mcp:0.1.0", "cnpg-mcp:0.1.0")),
        (OWN, {}, ("r.example/own:1", "r.example/own:1")),
        (OWN, ITS, ("r.example/own:1", "r.example/its:2")),
        (OWN, {"tag": "2"}, ("r.example/own:1", "r.example/own:2")),
        ({**OWN, "digest": DIGEST}, {}, (f"r.example/own@{DIGEST}", f"r.example/own@{DIGEST}")),
        ({**OWN, "digest": DIGEST}, {"tag": "2"}, (f"r.example/own@{DIGEST}", "r.example/own:2")),
        (OWN, {**ITS, "digest": DIGEST}, ("r.example/own:1", f"r.example/its@{DIGEST}")),
    ],
    ids=["default", "own", "two", "two tags", "digest", "digest and tag", "its digest"],
)
def test_images_are_named_by_tag_or_digest(
    render: Render, main: Values, sidecar: Values, images: tuple[str, str]
) -> None:
    rendered = render({"image": main, "testSidecar": {"image": sidecar}})
    assert tuple(each["image"] for each in rendered.containers.values()) == images
    assert {doctor["spec"]["containers"][0]["image"] for doctor in rendered.doctors} == {images[0]}


# --- settings ---


def test_settings_of_a_container_win(render: Render) -> None:
    rendered = render(
        {
            "settings": {"LOG_LEVEL": "ERROR", "RATE_LIMIT": "60/minute"},
            "mainSettings": {"LOG_LEVEL": "INFO"},
            "testSidecar": {"settings": {"READ_ONLY": True, "RATE_LIMIT": ""}},
        }
    )
    main, test = (rendered.settings(f"cnpg-mcp-{name}") for name in ("main", "test"))
    assert (main["LOG_LEVEL"], test["LOG_LEVEL"]) == ("INFO", "ERROR")
    assert (main["RATE_LIMIT"], "RATE_LIMIT" in test) == ("60/minute", False)
    assert ("READ_ONLY" in main, test["READ_ONLY"]) == (False, "true")


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({}, "https://cnpg-mcp.example.com"),
        ({"ingress": {"tls": {"enabled": False}}}, "https://cnpg-mcp.example.com"),
        ({"publicUrl": "http://localhost:3000"}, "http://localhost:3000"),
    ],
    ids=["host", "tls in front", "given"],
)
def test_public_address_is_the_same_for_both(render: Render, values: Values, address: str) -> None:
    rendered = render(values)
    for name in ("cnpg-mcp-main", "cnpg-mcp-test"):
        assert rendered.settings(name)["PUBLIC_URL"] == address


def test_what_is_added_reaches_both_containers_and_the_doctors(render: Render) -> None:
    rendered = render(SETS["everything"])
    for container in all_containers(rendered):
        assert {"name": "SSL_CERT_FILE", "value": "/etc/authority/ca.crt"} in container["env"]
        assert "authority" in {each["name"] for each in container["volumeMounts"]}
    for spec in rendered.pod_specs:
        assert "authority" in {each["name"] for each in spec["volumes"]}
        assert spec["imagePullSecrets"] == [{"name": "registry"}]
        assert spec["hostAliases"] == [{"ip": "192.0.2.1", "hostnames": ["idp.example.com"]}]
