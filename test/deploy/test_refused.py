"""Values that cannot be meant are refused, and the refusal names them."""

import re
from typing import Any

import pytest

from test.deploy.schema import CHOSEN, SECRET
from test.deploy.values import documented
from test.deploy.valuesets import merged, minimal
from test.helm import CHART, CNPG_API, Helm, HelmRefused, Values

TYPOS: dict[str, Any] = {
    "replica": 1,
    "image.name": "cnpg-mcp",
    "resources.limit": {"cpu": 1},
    "resources.requests.mem": "1Gi",
    "resources.limits.mem": "1Gi",
    "testSidecar.enable": False,
    "testSidecar.image.pullPolicy": "Always",
    "testSidecar.resources.limit": {},
    "testSidecar.resources.requests.mem": "1Gi",
    "testSidecar.resources.limits.mem": "1Gi",
    "testSidecar.settings.READONLY": True,
    "testSidecar.serviceAccount.readonly": False,
    "credentials.secret": "x",
    "keys.secret": "x",
    "store.kind": "redis",
    "store.volume.storageClass": "x",
    "store.redis.url": "x",
    "settings.READONLY": True,
    "mainSettings.READONLY": True,
    "ingress.hosts": ["x"],
    "ingress.tls.secret": "x",
    "serviceAccount.labels": {},
    "rbac.namespaces": ["shop"],
    "rbac.impersonate.user": ["x"],
    "podDisruptionBudget.minAvailable": 1,
    "networkPolicy.ingress": [],
    "serviceMonitor.path": "/metrics",
    "doctor.inside": True,
    "podSecurityContext.runAsNonroot": True,
    "podSecurityContext.seccompProfile.typ": "RuntimeDefault",
    "securityContext.readOnlyRootFileSystem": True,
    "securityContext.capabilities.dropped": ["ALL"],
}
"""Names that are wrong, in every section."""

TYPOS_IN_LISTS: dict[str, dict[str, Any]] = {
    "imagePullSecrets": {"name": "registry", "typo": "x"},
    "networkPolicy.from": {"podSelector": {}, "typo": "x"},
    "networkPolicy.metricsFrom": {"podSelector": {}, "typo": "x"},
    "networkPolicy.egress": {"cidr": "::/0", "ports": [443], "typo": 1},
    "extraEnv": {"name": "X", "typo": "x"},
    "extraVolumeMounts": {"name": "x", "mountPath": "/x", "typo": True},
    "hostAliases": {"ip": "192.0.2.1", "hostnames": ["x"], "typo": "x"},
}
"""The same in the items of a list."""

WRONG: dict[str, Any] = {
    "image.repository": "Registry/Name",
    "image.tag": "a tag",
    "image.digest": "sha256:short",
    "image.pullPolicy": "Sometimes",
    "imagePullSecrets": "registry",
    "replicas": 0,
    "resources.requests.memory": "128 MB",
    "testSidecar.enabled": "no",
    "testSidecar.image.digest": "latest",
    "testSidecar.resources.requests.cpu": True,
    "publicUrl": "http://cnpg-mcp.example.com",
    "credentials.existingSecret": "",
    "keys.existingSecret": "Not A Name",
    "store.type": "postgres",
    "store.volume.size": "small",
    "ingress.host": "https://cnpg-mcp.example.com",
    "ingress.className": 1,
    "ingress.annotations": {"a": 1},
    "serviceAccount.name": "",
    "rbac.create": 1,
    "rbac.targetNamespaces": ["Shop"],
    "rbac.clusterWide": "true",
    "rbac.impersonate.users": ["system:admin"],
    "rbac.impersonate.groups": ["system:masters"],
    "preStopSeconds": 0,
    "terminationGracePeriodSeconds": "65",
    "networkPolicy.egress": [{"cidr": "idp.example.com", "ports": [443]}],
    "serviceMonitor.interval": 30,
    "serviceMonitor.labels": {"app": "other"},
    "podLabels": {"app": "other"},
    "podAnnotations": ["x"],
    "tolerations": {},
    "settings.READ_ONLY": "yes",
    "settings.LOG_LEVEL": "loud",
    "settings.MAX_CONCURRENCY": 0,
    "settings.KUBE_TIMEOUT": 121,
    "settings.RATE_LIMIT": "often",
    "settings.BACKUP_MAX_AGE": "one day",
    "settings.OIDC_ISSUER": "http://tenant.eu.auth0.com/",
    "settings.ALLOWED_NAMESPACES": "Shop",
    "settings.IMPERSONATE_USER_CLAIM": "name",
    "settings.ALLOWED_REDIRECT_URIS": ["https://client.example.com/callback"],
}
"""A value that cannot be meant, by its path."""

_REDIS = {"type": "redis", "redis": {"existingSecret": "cnpg-mcp-redis"}}
CONTRADICTIONS: dict[str, tuple[Values, str]] = {
    "no host": ({"ingress": {"host": ""}}, "ingress.host"),
    "no address": ({"ingress": {"enabled": False, "host": ""}}, "publicUrl"),
    "replicas on a volume": ({"replicas": 2}, "store.type=redis"),
    "replicas that forget": ({"replicas": 2, "store": {"type": "ephemeral"}}, "store.type=redis"),
    "redis without Secret": ({"store": {"type": "redis"}}, "store.redis.existingSecret"),
    "everywhere and somewhere": (
        {"rbac": {"clusterWide": True, "targetNamespaces": ["shop"]}},
        "rbac.targetNamespaces",
    ),
    "impersonation of nobody": (
        {"settings": {"IMPERSONATE_USER_CLAIM": "sub"}},
        "rbac.impersonate.users",
    ),
    "impersonation of no groups": (
        {
            "mainSettings": {"IMPERSONATE_USER_CLAIM": "sub", "IMPERSONATE_GROUPS_CLAIM": "groups"},
            "rbac": {"impersonate": {"users": ["sso:dba"]}},
        },
        "rbac.impersonate.groups",
    ),
    "impersonation by the sidecar": (
        {"testSidecar": {"settings": {"IMPERSONATE_USER_CLAIM": "sub"}}},
        "rbac.impersonate.users",
    ),
    "short grace": ({"terminationGracePeriodSeconds": 55}, "terminationGracePeriodSeconds"),
    "long pause": ({"preStopSeconds": 15}, "terminationGracePeriodSeconds"),
    "no keys": ({"keys": {"existingSecret": ""}}, "keys.existingSecret"),
}
"""Values that do not go together, and the one that the refusal tells to change."""


def refusal(helm: Helm, values: Values, *arguments: str) -> str:
    """What Helm says to values with which it renders nothing."""
    with pytest.raises(HelmRefused) as raised:
        helm.render(minimal(values), *arguments)
    return str(raised.value)


def at(path: str, value: Any) -> dict[str, Any]:
    """A value at its place."""
    name, _, rest = path.partition(".")
    return {name: at(rest, value) if rest else value}


def sentences() -> list[re.Pattern[str]]:
    """All that the chart itself refuses with."""
    text = (CHART / "templates/_checks.tpl").read_text()
    found = re.findall(r'fail \(?(?:printf )?"((?:[^"\\]|\\.)*)"', text)
    assert len(found) == text.count("fail ")
    return [re.compile(re.sub(r"%[a-z]", ".*", re.escape(each))) for each in found]


@pytest.mark.parametrize("path", TYPOS)
def test_typo_is_refused(helm: Helm, path: str) -> None:
    said = refusal(helm, at(path, TYPOS[path]))
    assert f"additional properties '{path.rpartition('.')[2]}' not allowed" in said


@pytest.mark.parametrize("path", TYPOS_IN_LISTS)
def test_typo_in_a_list_is_refused(helm: Helm, path: str) -> None:
    assert "'typo' not allowed" in refusal(helm, at(path, [TYPOS_IN_LISTS[path]]))


def test_every_section_has_its_typo() -> None:
    groups = {value.path for value in documented() if not value.default}
    assert groups - {path.rpartition(".")[0] for path in TYPOS} == set()


@pytest.mark.parametrize("path", WRONG)
def test_value_that_cannot_be_meant_is_refused(helm: Helm, path: str) -> None:
    said = refusal(helm, at(path, WRONG[path]))
    assert "schema" in said
    assert path.rpartition(".")[2] in said


@pytest.mark.parametrize("place", ["settings", "mainSettings", "testSidecar.settings"])
@pytest.mark.parametrize("name", sorted(SECRET | CHOSEN))
def test_secret_or_chosen_setting_is_refused(helm: Helm, place: str, name: str) -> None:
    assert name in refusal(helm, at(f"{place}.{name}", "x" * 32))


@pytest.mark.parametrize(("values", "told"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradiction_is_refused_with_what_to_change(
    helm: Helm, values: Values, told: str
) -> None:
    said = refusal(helm, values)
    assert told in said
    assert any(sentence.search(said) for sentence in sentences())


def test_missing_credentials_are_refused_with_the_command_that_makes_them(helm: Helm) -> None:
    said = refusal(helm, {"settings": {"OIDC_AUDIENCE": "x"}}, "--api-versions", CNPG_API)
    assert "Secret cnpg-mcp in namespace cnpg-mcp has no" in said
    command = "kubectl -n cnpg-mcp create secret generic cnpg-mcp --from-literal=AUTH0_CLIENT_ID="
    assert command in said
    assert "OIDC_ISSUER" in said
    assert "OIDC_AUDIENCE" not in said


def test_credentials_of_the_main_container_do_not_do_for_the_other(helm: Helm) -> None:
    values = {"mainSettings": {"OIDC_AUDIENCE": "x"}}
    assert "OIDC_AUDIENCE" in refusal(helm, values, "--api-versions", CNPG_API)
    alone = {**values, "testSidecar": {"enabled": False}}
    assert "OIDC_AUDIENCE" not in refusal(helm, alone, "--api-versions", CNPG_API)


def test_every_sentence_of_the_chart_is_provoked(helm: Helm) -> None:
    said = [refusal(helm, values) for values, _ in CONTRADICTIONS.values()]
    said.append(refusal(helm, {}, "--api-versions", CNPG_API))
    unprovoked = [each.pattern for each in sentences() if not any(map(each.search, said))]
    assert unprovoked == []


def test_grace_of_one_second_more_is_accepted(helm: Helm) -> None:
    helm.render(minimal({"terminationGracePeriodSeconds": 56}))


def test_replicas_with_redis_are_accepted(helm: Helm) -> None:
    helm.render(minimal(merged({"replicas": 2}, {"store": _REDIS})))
