"""Who may do what, by the roles and bindings that are stored; and as whom somebody may act."""

import pytest
from starlette.datastructures import Headers

from cnpg_mcp.demo.kinds import BY_KIND
from cnpg_mcp.demo.kubernetes import identity
from cnpg_mcp.demo.kubernetes.access import ANONYMOUS, MASTERS, Access, Attempt, User
from cnpg_mcp.demo.kubernetes.failures import Failure
from cnpg_mcp.demo.kubernetes.storage import Storage

CNPG = "postgresql.cnpg.io"
ANN, BOB = User("ann", ("developers",)), User("bob")
ACCOUNT = User("system:serviceaccount:apps:worker")


@pytest.fixture
def storage():
    return Storage()


@pytest.fixture
def access(storage):
    return Access(storage)


def rule(verbs, resources, groups=CNPG, **more):
    return {
        "verbs": verbs.split(),
        "resources": resources.split(),
        "apiGroups": [groups],
        **more,
    }


def subject(kind, name, **more):
    return {"kind": kind, "name": name, **more}


def grant(storage, who, *rules, namespace="here"):
    """A role of these rules, bound in a namespace, or everywhere where that is empty."""
    prefix = "" if namespace else "Cluster"
    meta = {"name": "some", **({"namespace": namespace} if namespace else {})}
    storage.put(BY_KIND[f"{prefix}Role"], {"metadata": meta, "rules": list(rules)})
    reference = {"kind": f"{prefix}Role", "name": "some"}
    binding = {"metadata": meta, "subjects": [who], "roleRef": reference}
    storage.put(BY_KIND[f"{prefix}RoleBinding"], binding)


def attempt(verb="list", resource="clusters", group=CNPG, namespace="here", name=""):
    return Attempt(verb, group, resource, namespace, name)


def test_without_a_binding_nothing_is_allowed(access):
    assert not access.allowed(ANN, attempt())


def test_masters_may_everything(access):
    assert access.allowed(User("root", (MASTERS,)), attempt("anything", "things", "example.org"))


def test_a_binding_allows_its_rules_to_its_subject(storage, access):
    grant(storage, subject("User", "ann"), rule("get list", "clusters"))
    assert access.allowed(ANN, attempt())
    assert not access.allowed(BOB, attempt())
    assert not access.allowed(ANN, attempt("delete"))
    assert not access.allowed(ANN, attempt(resource="databases"))
    assert not access.allowed(ANN, attempt(group=""))


def test_a_role_counts_in_its_namespace_alone(storage, access):
    grant(storage, subject("User", "ann"), rule("list", "clusters"))
    assert not access.allowed(ANN, attempt(namespace="there"))
    assert not access.allowed(ANN, attempt(namespace=""))


def test_a_cluster_role_counts_everywhere(storage, access):
    grant(storage, subject("User", "ann"), rule("list", "clusters"), namespace="")
    assert access.allowed(ANN, attempt())
    assert access.allowed(ANN, attempt(namespace=""))


def test_a_cluster_role_that_is_bound_in_a_namespace_counts_there(storage, access):
    role = {"metadata": {"name": "reader"}, "rules": [rule("list", "clusters")]}
    storage.put(BY_KIND["ClusterRole"], role)
    binding = {
        "metadata": {"name": "reading", "namespace": "here"},
        "subjects": [subject("User", "ann")],
        "roleRef": {"kind": "ClusterRole", "name": "reader"},
    }
    storage.put(BY_KIND["RoleBinding"], binding)
    assert access.allowed(ANN, attempt())
    assert not access.allowed(ANN, attempt(namespace="there"))


def test_a_role_that_is_gone_allows_nothing(storage, access):
    grant(storage, subject("User", "ann"), rule("list", "clusters"))
    storage.remove(BY_KIND["Role"], storage.get(BY_KIND["Role"], "here", "some"))
    assert not access.allowed(ANN, attempt())


def test_stars_stand_for_everything(storage, access):
    grant(storage, subject("User", "ann"), rule("*", "*", "*"))
    assert access.allowed(ANN, attempt("patch", "clusters/status"))


def test_a_subresource_is_something_of_its_own(storage, access):
    grant(storage, subject("User", "ann"), rule("get", "clusters"), rule("get", "pods/proxy", ""))
    assert not access.allowed(ANN, attempt("get", "clusters/status"))
    assert access.allowed(ANN, attempt("get", "pods/proxy", ""))
    assert not access.allowed(ANN, attempt("get", "pods", ""))


def test_a_subresource_of_every_resource(storage, access):
    grant(storage, subject("User", "ann"), rule("get", "*/status"))
    assert access.allowed(ANN, attempt("get", "clusters/status"))
    assert not access.allowed(ANN, attempt("get", "clusters/scale"))
    assert not access.allowed(ANN, attempt("get", "clusters"))


def test_names_narrow_a_rule(storage, access):
    grant(storage, subject("User", "ann"), rule("get list", "clusters", resourceNames=["pg"]))
    assert access.allowed(ANN, attempt("get", name="pg"))
    assert not access.allowed(ANN, attempt("get", name="other"))
    assert not access.allowed(ANN, attempt("list"))


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        (subject("Group", "developers"), {"ann"}),
        (subject("Group", "system:authenticated"), {"ann", "bob", ACCOUNT.name}),
        (subject("Group", "system:unauthenticated"), {ANONYMOUS.name}),
        (subject("Group", "system:serviceaccounts"), {ACCOUNT.name}),
        (subject("Group", "system:serviceaccounts:apps"), {ACCOUNT.name}),
        (subject("Group", "system:serviceaccounts:other"), set()),
        (subject("ServiceAccount", "worker", namespace="apps"), {ACCOUNT.name}),
        (subject("ServiceAccount", "worker", namespace="other"), set()),
        (subject("User", ACCOUNT.name), {ACCOUNT.name}),
    ],
)
def test_subjects(storage, access, who, allowed):
    grant(storage, who, rule("list", "clusters"))
    users = (ANN, BOB, ACCOUNT, ANONYMOUS)
    assert {user.name for user in users if access.allowed(user, attempt())} == allowed


def test_a_refusal_says_who_may_not_do_what_where(access):
    with pytest.raises(Failure) as refused:
        access.check(ANN, attempt("get", name="pg"))
    assert refused.value.status == 403
    assert refused.value.message == (
        'clusters.postgresql.cnpg.io "pg" is forbidden: User "ann" cannot get resource "clusters"'
        ' in API group "postgresql.cnpg.io" in the namespace "here"'
    )
    assert refused.value.details == {"name": "pg", "group": CNPG, "kind": "clusters"}


@pytest.mark.parametrize(
    ("path", "known", "unknown"),
    [
        ("/readyz", True, True),
        ("/version", True, True),
        ("/apis", True, False),
        ("/apis/postgresql.cnpg.io/v1", True, False),
        ("/metrics", False, False),
    ],
)
def test_paths_that_name_no_resource(access, path, known, unknown):
    assert access.allows_path(ANN, "GET", path) is known
    assert access.allows_path(ANONYMOUS, "GET", path) is unknown
    assert not access.allows_path(ANN, "POST", path)


def test_everybody_known_may_review_themselves(access):
    group = "authorization.k8s.io"
    asked = attempt("create", "selfsubjectaccessreviews", group, "")
    assert access.allowed(BOB, asked)
    assert not access.allowed(ANONYMOUS, asked)
    assert not access.allowed(BOB, attempt("create", "subjectaccessreviews", group, ""))


# --- as whom ---


def asking(access, *headers, token="of-ann"):  # noqa: S107
    """Who asks with these headers."""
    signed = [("authorization", f"Bearer {token}")] if token else []
    raw = [(name.encode(), value.encode()) for name, value in (*signed, *headers)]
    tokens = {"of-ann": ANN, "of-root": User("root", (MASTERS,))}
    return identity.user(Headers(raw=raw), tokens, access)


def test_a_token_says_who_asks(access):
    assert asking(access) == ANN


def test_without_a_token_nobody_known_asks(access):
    assert asking(access, token="") == ANONYMOUS
    assert asking(access, ("authorization", "Basic abc"), token="") == ANONYMOUS


def test_an_unknown_token_is_refused(access):
    with pytest.raises(Failure) as refused:
        asking(access, token="unknown")
    assert refused.value.status == 401


def test_somebody_with_the_right_acts_as_another(storage, access):
    grant(storage, subject("User", "ann"), rule("impersonate", "users groups", ""), namespace="")
    asked = (("impersonate-user", "bob"), ("impersonate-group", "a"), ("impersonate-group", "b"))
    assert asking(access, *asked) == User("bob", ("a", "b"))


@pytest.mark.parametrize(
    "headers",
    [
        [("impersonate-user", "bob")],
        [("impersonate-user", "carol"), ("impersonate-group", "system:masters")],
        [("impersonate-user", "carol"), ("impersonate-uid", "1")],
        [("impersonate-user", "carol"), ("impersonate-extra-scopes", "all")],
        [("impersonate-user", "system:serviceaccount:apps:worker")],
    ],
)
def test_each_part_of_another_needs_its_right(storage, access, headers):
    only = rule("impersonate", "users", "", resourceNames=["carol"])
    grant(storage, subject("User", "ann"), only, namespace="")
    with pytest.raises(Failure) as refused:
        asking(access, *headers)
    assert refused.value.status == 403


def test_extras_are_granted_by_their_key(storage, access):
    group = "authentication.k8s.io"
    extras = rule("impersonate", "userextras/scopes", group, resourceNames=["all"])
    users = rule("impersonate", "users", "")
    grant(storage, subject("User", "ann"), users, extras, namespace="")
    asked = (("impersonate-user", "carol"), ("impersonate-extra-scopes", "all"))
    assert asking(access, *asked) == User("carol")
    with pytest.raises(Failure):
        asking(access, *asked, ("impersonate-extra-scopes", "more"))


def test_a_group_without_a_user_is_refused(access):
    with pytest.raises(Failure) as refused:
        asking(access, ("impersonate-group", "a"), token="of-root")
    assert refused.value.status == 400
