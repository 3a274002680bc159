"""Settings: where values come from, and what is refused with which sentence."""

import pytest

from cnpg_mcp.settings import (
    Settings,
    SettingsError,
    is_loopback,
    load_settings,
    require_loopback,
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)


def test_environment_is_read(monkeypatch):
    monkeypatch.setenv("ALLOWED_NAMESPACES", "shop, orders billing")
    assert load_settings().allowed_namespaces == ("shop", "orders", "billing")


def test_command_line_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("PORT", "4000")
    assert load_settings(port=5000).port == 5000


def test_flag_that_is_not_given_leaves_the_environment(monkeypatch):
    monkeypatch.setenv("PORT", "4000")
    assert load_settings(port=None).port == 4000


def test_value_is_read_from_the_file_that_is_named(monkeypatch, tmp_path):
    (tmp_path / "namespace").write_text("shop\n")
    monkeypatch.setenv("DEFAULT_NAMESPACE_FILE", str(tmp_path / "namespace"))
    assert load_settings().default_namespace == "shop"


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({"PORT": "many"}, ["PORT"]),
        ({"KUBE_TIMEOUT": "0"}, ["KUBE_TIMEOUT"]),
        ({"LOG_LEVEL": "LOUD"}, ["LOG_LEVEL", "DEBUG"]),
        ({"READ_ONLY": "perhaps"}, ["READ_ONLY"]),
        ({"ALLOWED_NAMESPACES": ""}, ["ALLOWED_NAMESPACES"]),
        ({"ALLOWED_NAMESPACES": " , "}, ["ALLOWED_NAMESPACES"]),
        ({"ALLOWED_NAMESPACES": "shop, team-*"}, ["ALLOWED_NAMESPACES", "team-*"]),
        ({"DEFAULT_NAMESPACE": "Shop"}, ["DEFAULT_NAMESPACE", "Shop"]),
        (
            {"DEFAULT_NAMESPACE": "shop", "ALLOWED_NAMESPACES": "orders"},
            ["DEFAULT_NAMESPACE", "ALLOWED_NAMESPACES"],
        ),
        ({"KUBECONFIG": "/a", "KUBECONFIG_FILE": "/b"}, ["KUBECONFIG", "KUBECONFIG_FILE"]),
        ({"KUBECONFIG_FILE": "/nowhere/at/all"}, ["KUBECONFIG_FILE", "/nowhere/at/all"]),
    ],
)
def test_refusal_names_the_setting(monkeypatch, environment, names):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert all(name in str(raised.value) for name in names)


def test_refusal_does_not_echo_the_value(monkeypatch):
    monkeypatch.setenv("PORT", "canary-value")
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_loopback_may_be_served_without_sign_in(host):
    settings = Settings(host=host)
    assert is_loopback(settings.host)
    require_loopback(settings)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", ""])
def test_any_other_address_is_refused_without_sign_in(host):
    with pytest.raises(SettingsError, match="HOST"):
        require_loopback(Settings(host=host))
