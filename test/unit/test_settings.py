"""Settings: where values come from, and what is refused with which sentence."""

import pytest
from pydantic import ValidationError

from cnpg_mcp.settings import (
    Settings,
    SettingsError,
    is_loopback,
    load_settings,
    require_main_sign_in,
    require_token_sign_in,
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


# --- http is served behind sign-in only ---

LOGIN = {
    "oidc_issuer": "https://issuer.example/",
    "oidc_audience": "https://api.example",
    "auth0_client_id": "an-application",
    "auth0_client_secret": "made-up-client-secret",
}
KEY = "made-up-key-of-a-test-" * 2


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"])
def test_login_on_loopback_needs_the_provider_alone(host):
    settings = Settings(host=host, **LOGIN)
    assert is_loopback(settings.host)
    require_main_sign_in(settings)
    require_token_sign_in(settings)


@pytest.mark.parametrize("missing", LOGIN)
def test_main_server_without_a_part_of_the_login_is_refused(missing):
    settings = Settings(**{**LOGIN, missing: None})
    with pytest.raises(SettingsError, match=missing.upper()):
        require_main_sign_in(settings)


@pytest.mark.parametrize("missing", ["oidc_issuer", "oidc_audience"])
def test_test_server_without_provider_or_audience_is_refused(missing):
    with pytest.raises(SettingsError, match=missing.upper()):
        require_token_sign_in(Settings(**{**LOGIN, missing: None}))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com", ""])
@pytest.mark.parametrize("missing", ["public_url", "oauth_signing_key"])
def test_others_can_reach_it_only_with_address_and_key(host, missing):
    whole = {"public_url": "https://host.example", "oauth_signing_key": KEY}
    require_main_sign_in(Settings(host=host, **LOGIN, **whole))
    with pytest.raises(SettingsError, match=missing.upper()):
        require_main_sign_in(Settings(host=host, **LOGIN, **{**whole, missing: None}))


def test_redis_that_others_can_reach_needs_a_password():
    shared = {"oauth_signing_key": KEY, "plan_key": KEY}
    with pytest.raises(SettingsError, match=r"OAUTH_STORE.*password"):
        require_main_sign_in(Settings(**LOGIN, **shared, oauth_store="redis://redis.shop:6379"))
    guarded = "rediss://:made-up-password@redis.shop:6379"
    require_main_sign_in(Settings(**LOGIN, **shared, oauth_store=guarded))


@pytest.mark.parametrize("missing", ["oauth_signing_key", "plan_key"])
def test_shared_store_needs_shared_keys(missing):
    shared = {"oauth_signing_key": KEY, "plan_key": KEY, missing: ()}
    shared = {name: value for name, value in shared.items() if value}
    store = "redis://127.0.0.1:6379"
    with pytest.raises(SettingsError, match=missing.upper()):
        require_main_sign_in(Settings(**LOGIN, **shared, oauth_store=store))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OIDC_ISSUER", "http://issuer.example/"),
        ("OIDC_ISSUER", "issuer.example"),
        ("OIDC_ISSUER", "https://user:pass@issuer.example"),
        ("OIDC_ISSUER", "https://issuer.example/?a=b"),
        ("PUBLIC_URL", "http://host.example"),
        ("PUBLIC_URL", "https://host.example/mcp"),
        ("OAUTH_SIGNING_KEY", "short"),
        ("OAUTH_CONSENT", "never"),
        ("DEFAULT_SCOPES", "cnpg:everything"),
        ("DEFAULT_SCOPES", "none cnpg:read"),
        ("RATE_LIMIT", "fast"),
        ("RATE_LIMIT", "10"),
        ("TRUSTED_PROXIES", "*"),
        ("MAX_CONCURRENCY", "0"),
        ("IMPERSONATE_USER_CLAIM", "name"),
    ],
)
def test_malformed_setting_of_http_is_refused_by_its_name(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        load_settings()


@pytest.mark.parametrize(
    ("value", "expected"), [("none", ()), ("cnpg:read,cnpg:write", ("cnpg:read", "cnpg:write"))]
)
def test_default_scopes_are_a_list_or_none(value, expected, monkeypatch):
    monkeypatch.setenv("DEFAULT_SCOPES", value)
    assert load_settings().default_scopes == expected


IMPERSONATION = {
    "impersonate_user_claim": "sub",
    "impersonate_user_prefix": "oidc:",
    "impersonate_groups_claim": "groups",
    "impersonate_group_prefix": "oidc:",
}


def test_impersonation_with_prefixes_is_accepted():
    assert Settings(**IMPERSONATION).impersonate_user_claim == "sub"


@pytest.mark.parametrize("missing", IMPERSONATION)
def test_impersonation_without_a_part_is_refused(missing):
    given = {name: value for name, value in IMPERSONATION.items() if name != missing}
    if missing == "impersonate_groups_claim":  # then nobody has groups, which is allowed
        assert Settings(**given).impersonate_groups_claim is None
        return
    with pytest.raises(ValidationError, match="IMPERSONATE"):
        Settings(**given)


@pytest.mark.parametrize("prefix", ["", "s", "system", "system:", "system:serviceaccount:"])
@pytest.mark.parametrize("name", ["impersonate_user_prefix", "impersonate_group_prefix"])
def test_prefix_that_could_lead_to_a_system_name_is_refused(name, prefix):
    with pytest.raises(ValidationError, match="system:"):
        Settings(**{**IMPERSONATION, name: prefix})


@pytest.mark.parametrize("prefix", [" oidc:", "oidc: ", "oidc:\r\nX: ", "oidc\n", "oïdc:", "a\x00"])
@pytest.mark.parametrize("name", ["impersonate_user_prefix", "impersonate_group_prefix"])
def test_prefix_that_no_header_can_hold_as_it_is_is_refused(name, prefix):
    with pytest.raises(ValidationError, match="printable ASCII"):
        Settings(**{**IMPERSONATION, name: prefix})


# --- what the login address, its redirects and the proxies may be ---

OWN_PARAMETERS = [
    *("response_type", "client_id", "redirect_uri", "state", "scope", "audience", "nonce"),
    *("code_challenge", "code_challenge_method", "request", "request_uri", "response_mode"),
]


def refusal(monkeypatch, name, value):
    """The sentence by which a setting is refused."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert name in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("name", OWN_PARAMETERS)
@pytest.mark.parametrize("form", ["{}=x", "prompt=consent&{}=x", "{}="])
def test_parameter_on_which_the_safety_of_a_login_rests_is_refused(monkeypatch, name, form):
    assert name in refusal(monkeypatch, "OIDC_AUTHORIZE_PARAMS", form.format(name))


def test_parameter_is_refused_however_it_is_encoded(monkeypatch):
    assert "state" in refusal(monkeypatch, "OIDC_AUTHORIZE_PARAMS", "%73tate=x")


@pytest.mark.parametrize("value", ["prompt", "prompt=consent&&x", "&", "prompt=a&b"])
def test_text_that_is_no_list_of_parameters_is_refused(monkeypatch, value):
    assert "prompt=consent" in refusal(monkeypatch, "OIDC_AUTHORIZE_PARAMS", value)


@pytest.mark.parametrize("value", ["", "prompt=consent&access_type=offline", "connection=a%20b"])
def test_other_parameters_are_taken(monkeypatch, value):
    monkeypatch.setenv("OIDC_AUTHORIZE_PARAMS", value)
    assert load_settings().oidc_authorize_params == value


@pytest.mark.parametrize(
    "uri",
    [
        *("*", "https://*", "https://*/", "*://host.example/callback", "https://host.example"),
        *("https://host.example/", "/callback", "host.example/callback", "https:///callback"),
        *("https://host.example/callback *", "javascript:alert(1)", "urn:ietf:wg:oauth:2.0:oob"),
    ],
)
def test_redirect_uri_that_would_allow_too_much_is_refused(monkeypatch, uri):
    assert "scheme, host and path" in refusal(monkeypatch, "ALLOWED_REDIRECT_URIS", uri)


@pytest.mark.parametrize(
    "uri", ["https://host.example/callback", "https://*.host.example/cb", "cursor://a.b/callback"]
)
def test_redirect_uri_with_scheme_host_and_path_is_taken(monkeypatch, uri):
    monkeypatch.setenv("ALLOWED_REDIRECT_URIS", uri)
    assert load_settings().allowed_redirect_uris == (uri,)


@pytest.mark.parametrize("value", ["0.0.0.0/0", "::/0", "10.0.0.0/8,0.0.0.0/0", "0/0"])
def test_proxies_that_are_everybody_are_refused(monkeypatch, value):
    refusal(monkeypatch, "TRUSTED_PROXIES", value)


@pytest.mark.parametrize("value", ["10.0.0.1/8", "10.0.0.0/33", "proxy.example", "10.0.0", "*"])
def test_proxies_that_are_no_network_are_refused(monkeypatch, value):
    assert "no network" in refusal(monkeypatch, "TRUSTED_PROXIES", value)


def test_networks_and_addresses_of_proxies_are_taken(monkeypatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1, fd00::/8")
    assert load_settings().trusted_proxies == ("10.0.0.0/8", "192.0.2.1", "fd00::/8")


MALFORMED = ["redis://host:port", "redis://[::1", "rediss://:made-up@host:99999", "redis://host:-1"]


@pytest.mark.parametrize("name", ["oauth_store", "plan_store"])
@pytest.mark.parametrize("url", MALFORMED)
def test_redis_of_no_address_is_refused_without_its_password(name, url):
    shared = {"oauth_signing_key": KEY, "plan_key": KEY, name: url}
    with pytest.raises(SettingsError, match=f"{name.upper()} is no address") as raised:
        require_main_sign_in(Settings(**LOGIN, **shared))
    assert url not in str(raised.value)


@pytest.mark.parametrize("require", [require_main_sign_in, require_token_sign_in])
@pytest.mark.parametrize("store", ["/var/lib/codes", "made-up", "http://host", "REDIS://:x@host"])
def test_store_of_used_codes_that_is_no_redis_is_refused(require, store):
    with pytest.raises(SettingsError, match="PLAN_STORE must be a Redis URL") as raised:
        require(Settings(**LOGIN, plan_key=KEY, plan_store=store))
    assert store not in str(raised.value).replace("Redis URL such as rediss://", "")


@pytest.mark.parametrize("require", [require_main_sign_in, require_token_sign_in])
def test_store_of_used_codes_that_others_can_reach_needs_password_and_key(require):
    open_store = "redis://redis.shop:6379"
    with pytest.raises(SettingsError, match=r"PLAN_STORE.*password"):
        require(Settings(**LOGIN, plan_key=KEY, plan_store=open_store))
    with pytest.raises(SettingsError, match="PLAN_KEY"):
        require(Settings(**LOGIN, plan_store="rediss://:made-up-password@redis.shop:6379"))


# --- files ---


def test_file_that_is_no_utf8_is_refused_without_its_bytes(monkeypatch, tmp_path):
    (tmp_path / "secret").write_bytes(b"made-up-\xff\xfe-secret")
    monkeypatch.setenv("AUTH0_CLIENT_SECRET_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingsError, match=r"AUTH0_CLIENT_SECRET_FILE.*UTF-8") as raised:
        load_settings()
    assert "made-up" not in str(raised.value)


def test_directory_in_place_of_a_file_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("PLAN_KEY_FILE", str(tmp_path))
    with pytest.raises(SettingsError, match="PLAN_KEY_FILE"):
        load_settings()
