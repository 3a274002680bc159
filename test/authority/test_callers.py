"""From claims to a caller: which scopes they have, as whom they act, and why they may not."""

from typing import Any

import pytest

from cnpg_mcp.auth.callers import CallerRules, granted_scopes
from cnpg_mcp.domain.caller import Impersonation, Scope
from cnpg_mcp.errors import ErrorCode
from cnpg_mcp.settings import Settings

READ, WRITE, ADMIN = Scope
WHO = {"iss": "https://issuer.example/", "sub": "auth0|someone"}
PREFIXES: dict[str, Any] = {"user_prefix": "oidc:", "group_prefix": "oidc-group:"}
BY_SUB = CallerRules(frozenset({READ}), user_claim="sub", **PREFIXES)
BY_EMAIL = CallerRules(frozenset({READ}), user_claim="email", **PREFIXES)
WITH_GROUPS = CallerRules(frozenset({READ}), user_claim="sub", groups_claim="groups", **PREFIXES)


# Scopes


SOURCES: dict[str, tuple[dict[str, Any], set[Scope]]] = {
    "scope": ({"scope": "openid cnpg:write profile"}, {WRITE}),
    "scope-as-list": ({"scope": ["openid", "cnpg:write"]}, {WRITE}),
    "scp": ({"scp": "cnpg:read cnpg:write"}, {READ, WRITE}),
    "scp-as-list": ({"scp": ["cnpg:admin"]}, {ADMIN}),
    "permissions": ({"permissions": ["cnpg:read", "cnpg:admin"]}, {READ, ADMIN}),
    "scope-before-scp": ({"scope": "cnpg:read", "scp": ["cnpg:admin"]}, {READ}),
    "scope-before-permissions": ({"scope": "cnpg:read", "permissions": ["cnpg:admin"]}, {READ}),
    "scp-before-permissions": ({"scp": "cnpg:write", "permissions": ["cnpg:admin"]}, {WRITE}),
    "scope-without-ours": ({"scope": "openid", "permissions": ["cnpg:write"]}, {WRITE}),
    "scope-of-wrong-type": ({"scope": 7, "scp": {"cnpg:admin": 1}, "permissions": None}, set()),
    "names-that-are-none": ({"permissions": [["cnpg:admin"], {"a": 1}, None, "cnpg:read"]}, {READ}),
    "nothing": ({}, set()),
    "empty": ({"scope": "", "scp": [], "permissions": []}, set()),
    "longer": ({"scope": "cnpg:adminx xcnpg:admin cnpg:admin:x"}, set()),
    "capitals": ({"scope": "CNPG:ADMIN Cnpg:Admin"}, set()),
    "commas": ({"scope": "cnpg:read,cnpg:admin"}, set()),
    "quoted": ({"scope": '"cnpg:admin"'}, set()),
    "short": ({"scope": "admin cnpg: cnpg:"}, set()),
    "elsewhere": ({"roles": ["cnpg:admin"], "groups": ["cnpg:admin"]}, set()),
}


@pytest.mark.parametrize(("claims", "scopes"), SOURCES.values(), ids=SOURCES)
def test_scopes_are_those_of_the_first_claim_that_names_any(
    claims: dict[str, Any], scopes: set[Scope]
) -> None:
    assert granted_scopes(claims) == scopes


def test_default_scopes_are_for_whoever_has_none_of_ours() -> None:
    rules = CallerRules(frozenset({WRITE}))
    assert rules.caller({**WHO, "scope": "openid"}).scopes == {WRITE}
    assert rules.caller({**WHO, "scope": "cnpg:read"}).scopes == {READ}


LIMITS: dict[str, tuple[str, tuple[str, ...] | None, set[Scope]]] = {
    "unknown": ("cnpg:admin", None, {ADMIN}),
    "less": ("cnpg:admin", ("openid", "cnpg:read"), {READ}),
    "as-much": ("cnpg:write", ("cnpg:write",), {READ, WRITE}),
    "more": ("cnpg:read", ("cnpg:admin",), {READ}),
    "not-named-itself": ("cnpg:admin", ("cnpg:write",), {READ, WRITE}),
}


@pytest.mark.parametrize(("granted", "asked", "scopes"), LIMITS.values(), ids=LIMITS)
def test_caller_has_no_more_than_the_login_asked_for(
    granted: str, asked: tuple[str, ...] | None, scopes: set[Scope]
) -> None:
    rules = CallerRules(frozenset())
    assert rules.caller({**WHO, "permissions": [granted]}, "", asked).scopes == scopes


def test_caller_who_asked_for_nothing_of_ours_has_the_default() -> None:
    caller = CallerRules(frozenset({READ})).caller({**WHO, "scope": "cnpg:admin"}, "", ("openid",))
    assert caller.scopes == {READ}


@pytest.mark.parametrize(("given", "scopes"), [((), set()), (("cnpg:read",), {READ})])
def test_default_scopes_are_those_of_the_setting(
    given: tuple[str, ...], scopes: set[Scope]
) -> None:
    assert CallerRules.of(Settings(default_scopes=given)).default_scopes == scopes


# As whom


def test_caller_acts_as_the_server_unless_a_claim_is_named() -> None:
    caller = CallerRules(frozenset()).caller({**WHO, "email": "x", "groups": "y"}, "a-client")
    assert (caller.issuer, caller.subject, caller.client_id) == (*WHO.values(), "a-client")
    assert caller.acts_as is None
    assert caller.barred is None


def test_caller_acts_as_the_user_and_groups_of_the_claims_with_their_prefixes() -> None:
    caller = WITH_GROUPS.caller({**WHO, "groups": ["dba", "on call"]})
    assert caller.acts_as == Impersonation(
        "oidc:auth0|someone", ("oidc-group:dba", "oidc-group:on call")
    )
    assert caller.barred is None


def test_caller_without_groups_acts_without_any() -> None:
    assert WITH_GROUPS.caller({**WHO, "groups": []}).acts_as == Impersonation("oidc:auth0|someone")
    assert BY_SUB.caller({**WHO, "groups": ["dba"]}).acts_as == Impersonation("oidc:auth0|someone")


def test_e_mail_names_the_user_when_the_provider_has_verified_it() -> None:
    claims = {**WHO, "email": "someone@shop.example", "email_verified": True}
    assert BY_EMAIL.caller(claims).acts_as == Impersonation("oidc:someone@shop.example")


def test_rules_are_those_of_the_settings() -> None:
    settings = Settings(
        impersonate_user_claim="sub",
        impersonate_user_prefix="oidc:",
        impersonate_groups_claim="groups",
        impersonate_group_prefix="oidc-group:",
    )
    assert CallerRules.of(settings) == WITH_GROUPS


@pytest.mark.parametrize("name", ["system:admin", "system:serviceaccount:kube-system:x"])
def test_prefix_makes_a_reserved_name_a_harmless_one(name: str) -> None:
    caller = WITH_GROUPS.caller({**WHO, "sub": name, "groups": ["system:masters"]})
    assert caller.acts_as == Impersonation(f"oidc:{name}", ("oidc-group:system:masters",))


# Why not


UNFIT_NAMES: dict[str, Any] = {
    "missing": None,
    "empty": "",
    "number": 7,
    "list": ["someone"],
    "true": True,
    "line-break": "someone\r\nImpersonate-Group: system:masters",
    "line-feed": "someone\nx",
    "null": "someone\x00",
    "tab": "someone\tx",
    "delete": "someone\x7f",
    "not-ascii": "ad\u00e4",
    "look-alike": "\u0430da",
    "full-width": "\uff53ystem:admin",
    "no-break-space": "someone\u00a0",
    "blank-before": " someone",
    "blank-behind": "someone ",
    "blank": " ",
    "too-long": "a" * 257,
}
unfit = pytest.mark.parametrize("value", UNFIT_NAMES.values(), ids=UNFIT_NAMES)
Claims = dict[str, Any]


def barred(rules: CallerRules, **claims: Any) -> bool:
    """Whether these claims bar their bearer, who is known all the same."""
    given = {name: value for name, value in {**WHO, **claims}.items() if value is not None}
    caller = rules.caller(given)
    if caller.barred is None:
        return False
    assert caller.acts_as is None
    assert caller.barred.code is ErrorCode.FORBIDDEN
    assert caller.barred.next_step
    assert (caller.issuer, caller.subject) == (given["iss"], str(given["sub"]))
    return True


@unfit
def test_user_of_an_unfit_name_is_barred(value: Any) -> None:
    assert barred(BY_EMAIL, email=value, email_verified=True)


@unfit
def test_member_of_a_group_of_an_unfit_name_is_barred(value: Any) -> None:
    assert barred(WITH_GROUPS, groups=["dba", value])


def test_subject_of_an_unfit_name_is_barred() -> None:
    assert barred(BY_SUB, sub="someone\r\nImpersonate-Group: system:masters")
    assert barred(BY_SUB, sub=" someone")


UNVERIFIED: dict[str, Any] = {
    "missing": None,
    "false": False,
    "text": "true",
    "number": 1,
    "list": [True],
}


@pytest.mark.parametrize("verified", UNVERIFIED.values(), ids=UNVERIFIED)
def test_unverified_e_mail_bars(verified: Any) -> None:
    assert barred(BY_EMAIL, email="someone@shop.example", email_verified=verified)


def test_missing_e_mail_bars_although_there_is_a_subject() -> None:
    assert barred(BY_EMAIL, email_verified=True)


NO_GROUPS: dict[str, Any] = {
    "missing": None,
    "text": "dba",
    "text-with-commas": "dba,on-call",
    "dict": {"dba": True},
    "number": 7,
    "too-many": [f"group-{number}" for number in range(201)],
}


@pytest.mark.parametrize("groups", NO_GROUPS.values(), ids=NO_GROUPS)
def test_groups_that_are_no_list_of_a_bounded_length_bar(groups: Any) -> None:
    assert barred(WITH_GROUPS, groups=groups)


def test_names_and_groups_may_be_as_long_and_many_as_said() -> None:
    groups = [f"group-{number}" for number in range(200)]
    assert not barred(WITH_GROUPS, sub="a" * 256, groups=groups)


LEADS_TO_SYSTEM = ("", "system:", "sys", "s", " ", "  sys", "\t")


@pytest.mark.parametrize("prefix", LEADS_TO_SYSTEM)
def test_no_prefix_leads_to_a_name_that_kubernetes_keeps_for_itself(prefix: str) -> None:
    whole = "system:masters"
    name = whole.removeprefix(prefix.strip())
    user = CallerRules(frozenset(), user_claim="sub", user_prefix=prefix)
    group = CallerRules(
        frozenset(), "sub", user_prefix="oidc:", groups_claim="groups", group_prefix=prefix
    )
    assert barred(user, sub=name)
    assert barred(group, groups=[name])


def test_login_that_asked_for_nothing_has_no_more_by_default_than_it_was_granted():
    generous = CallerRules(default_scopes=frozenset({Scope.ADMIN}))
    found = generous.caller({**WHO, "scope": "cnpg:read"}, asked=["openid"])
    assert found.may(Scope.READ)
    assert not found.may(Scope.WRITE)


def test_login_whose_token_grants_none_has_the_default():
    generous = CallerRules(default_scopes=frozenset({Scope.WRITE}))
    assert generous.caller({**WHO, "scope": "openid"}, asked=["openid"]).may(Scope.WRITE)
