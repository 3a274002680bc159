"""Who may what: refusals, access reviews, and acting as others."""

from typing import Any

from cnpg_mcp.demo.kinds import CNPG_GROUP, KubeObject
from test.demo.same.exchange import CNPG, Exchange, Script, at, delete, get, merge, post, put
from test.demo.same.objects import binding, cluster, role, secret, thing

_NOBODY = "system:nobody"
_REVIEWS = "authorization.k8s.io/v1"


def _review(kind: str, **spec: object) -> KubeObject:
    return {"apiVersion": _REVIEWS, "kind": kind, "metadata": {}, "spec": spec}


def _asked(namespace: str, verb: str, resource: str = "clusters", **more: str) -> KubeObject:
    group = "" if resource in {"secrets", "pods", "namespaces"} else CNPG_GROUP
    return {"namespace": namespace, "verb": verb, "group": group, "resource": resource, **more}


def _may(verdict: Any) -> object:
    """The verdict without its reason, which names the rule."""
    status = verdict["status"]
    told = {key: status[key] for key in ("allowed", "denied") if key in status}
    return {"kind": verdict["kind"], "apiVersion": verdict["apiVersion"], "status": told}


def _granted(namespace: str, user: str, *, kind: str = "User") -> Script:
    yield post(
        at("roles", namespace), role(namespace, "some", ["clusters", "secrets"], ["get", "list"])
    )
    yield post(at("rolebindings", namespace), binding(namespace, "some", user, kind=kind))


def strangers(namespace: str) -> Script:
    path = at("clusters", namespace)
    yield get(path).with_header("Authorization", "Bearer nonsense")
    yield get(path).with_header("Authorization", "Bearer")
    yield get(path).with_header("Authorization", "nonsense")
    yield get("/nothing").with_header("Authorization", "Bearer nonsense")
    yield get("/version").with_header("Authorization", "Bearer nonsense")


def anonymous(namespace: str) -> Script:
    """An Authorization that names no scheme is none."""
    yield get(at("clusters", namespace)).with_header("Authorization", "")
    yield get("/readyz").with_header("Authorization", "").repeated_until(200)
    yield get("/apis").with_header("Authorization", "")


def nobody(namespace: str) -> Script:
    """Refused before anything else is looked at."""
    for exchange in (
        get(at("clusters", namespace)),
        get(at("clusters")),
        get(at("clusters", namespace, "pg")),
        get(at("clusters", namespace, "pg", "status")),
        get(at("clusters", namespace), watch="true"),
        post(at("clusters", namespace), cluster(namespace)),
        put(at("clusters", namespace, "pg"), cluster(namespace)),
        merge(at("clusters", namespace, "pg"), {}),
        merge(at("clusters", namespace, "pg", "status"), {}),
        delete(at("clusters", namespace, "pg")),
        get(at("secrets", namespace)),
        get(at("secrets", namespace, "one")),
        get(at("pods", namespace, "pg-1", "log")),
        get(f"{at('pods', namespace)}/https:pg-1:8000/proxy/pg/status"),
        get(at("namespaces", None, namespace)),
        get(at("namespaces")),
        get(at("nodes")),
        get(at("storageclasses", None, "standard")),
        get(f"{CNPG}/namespaces/{namespace}/things"),
        get("/nothing"),
        post(at("clusters", namespace), b"nonsense"),
        Exchange("DELETE", at("clusters", namespace)),
    ):
        yield exchange.acting_as(_NOBODY)


def everybody(namespace: str) -> Script:
    for path in ("/api", "/apis", "/version", "/healthz", "/readyz", CNPG):
        yield get(path).acting_as(_NOBODY).looking_at(bool).repeated_until(200)


def granted(namespace: str) -> Script:
    user = f"{namespace}:reader"
    yield post(at("clusters", namespace), cluster(namespace))
    yield from _granted(namespace, user)
    path = at("clusters", namespace)
    yield get(path).acting_as(user).repeated_until(200)
    yield get(at("clusters", namespace, "pg")).acting_as(user)
    yield get(at("clusters", namespace, "nothing")).acting_as(user)
    yield get(at("clusters")).acting_as(user)
    yield get(at("databases", namespace)).acting_as(user)
    yield get(at("clusters", namespace, "pg", "status")).acting_as(user)
    yield post(path, cluster(namespace, "other")).acting_as(user)
    yield get(at("clusters", namespace), watch="true").acting_as(user)


def granted_to_a_group(namespace: str) -> Script:
    group = f"{namespace}:readers"
    yield from _granted(namespace, group, kind="Group")
    path = at("clusters", namespace)
    yield get(path).acting_as(_NOBODY, group).repeated_until(200)
    yield get(path).acting_as(_NOBODY, "other", group)
    yield get(path).acting_as(_NOBODY, "other")


def granted_and_taken(namespace: str) -> Script:
    user = f"{namespace}:reader"
    yield from _granted(namespace, user)
    path = at("clusters", namespace)
    yield get(path).acting_as(user).repeated_until(200)
    yield delete(at("rolebindings", namespace, "some"))
    yield get(path).acting_as(user).repeated_until(403)


def names_in_rules(namespace: str) -> Script:
    user = f"{namespace}:reader"
    body = role(namespace, "some", ["secrets"], ["get", "delete"])
    body["rules"][0]["resourceNames"] = ["one"]
    yield post(at("roles", namespace), body)
    yield post(at("rolebindings", namespace), binding(namespace, "some", user))
    yield post(at("secrets", namespace), secret(namespace, "one"))
    yield get(at("secrets", namespace, "one")).acting_as(user).repeated_until(200)
    yield get(at("secrets", namespace, "two")).acting_as(user)
    yield get(at("secrets", namespace)).acting_as(user)


def everywhere(namespace: str) -> Script:
    user, name = f"{namespace}:reader", f"{namespace}-reader"
    rules = [{"apiGroups": [CNPG_GROUP], "resources": ["clusters/status", "*"], "verbs": ["*"]}]
    yield post(at("clusterroles"), thing("ClusterRole", None, name, rules=rules))
    subject = {"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "ClusterRole", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    body = thing("ClusterRoleBinding", None, name, subjects=[subject], roleRef=reference)
    yield post(at("clusterrolebindings"), body)
    listing = get(at("clusters"), labelSelector=f"scene={namespace}")
    yield listing.acting_as(user).repeated_until(200)
    yield get(at("databases", namespace)).acting_as(user)
    yield get(at("pods", namespace)).acting_as(user)


def impersonation(namespace: str) -> Script:
    path = at("clusters", namespace)
    yield get(path).with_header("Impersonate-Group", "some")
    yield get(path).acting_as("")
    yield get(path).acting_as(_NOBODY).with_header("Impersonate-Group", "system:masters")
    yield get(path).acting_as(_NOBODY).with_header("Impersonate-Uid", "1")
    yield get(path).acting_as(_NOBODY).with_header("Impersonate-Extra-scopes", "a")
    yield get(path).acting_as(f"system:serviceaccount:{namespace}:some")


def reviews_of_oneself(namespace: str) -> Script:
    path = at("selfsubjectaccessreviews")
    kind = "SelfSubjectAccessReview"
    for verb, resource in (("list", "clusters"), ("delete", "secrets"), ("nothing", "things")):
        body = _review(kind, resourceAttributes=_asked(namespace, verb, resource))
        yield post(path, body).looking_at(_may)
        yield post(path, body).acting_as(_NOBODY)
    whole = _review(kind, nonResourceAttributes={"path": "/metrics", "verb": "get"})
    yield post(path, whole).looking_at(_may)
    yield post(path, whole).acting_as(_NOBODY)


def reviews_of_what_is_granted(namespace: str) -> Script:
    user = f"{namespace}:reader"
    yield from _granted(namespace, user)
    yield get(at("clusters", namespace)).acting_as(user).repeated_until(200)
    path = at("selfsubjectaccessreviews")
    for verb, more in (
        ("list", {}),
        ("get", {"name": "pg"}),
        ("get", {"subresource": "status"}),
        ("create", {}),
    ):
        asked = _asked(namespace, verb, **more)
        body = _review("SelfSubjectAccessReview", resourceAttributes=asked)
        yield post(path, body).acting_as(user).looking_at(_may)
    everywhere = _asked("", "list")
    body = _review("SelfSubjectAccessReview", resourceAttributes=everywhere)
    yield post(path, body).acting_as(user).looking_at(_may)


def reviews_of_others(namespace: str) -> Script:
    user = f"{namespace}:reader"
    yield from _granted(namespace, user)
    yield get(at("clusters", namespace)).acting_as(user).repeated_until(200)
    path = at("subjectaccessreviews")
    asked = _asked(namespace, "list")
    body = _review("SubjectAccessReview", resourceAttributes=asked, user=user)
    yield post(path, body).looking_at(_may)
    body = _review("SubjectAccessReview", resourceAttributes=asked, user=_NOBODY)
    yield post(path, body).looking_at(_may)
    body = _review("SubjectAccessReview", resourceAttributes=asked, groups=["system:masters"])
    yield post(path, body).looking_at(_may)
    yield post(path, body).acting_as(_NOBODY)


def reviews_that_are_none(namespace: str) -> Script:
    path = at("selfsubjectaccessreviews")
    yield post(path, _review("SelfSubjectAccessReview"))
    both = {
        "resourceAttributes": _asked(namespace, "list"),
        "nonResourceAttributes": {"path": "/", "verb": "get"},
    }
    yield post(path, _review("SelfSubjectAccessReview", **both))
    asked = {"resourceAttributes": _asked(namespace, "list")}
    yield post(at("subjectaccessreviews"), _review("SubjectAccessReview", **asked))
    yield get(path)


def rules_of_oneself(namespace: str) -> Script:
    user = f"{namespace}:reader"
    yield from _granted(namespace, user)
    yield get(at("clusters", namespace)).acting_as(user).repeated_until(200)
    body = _review("SelfSubjectRulesReview", namespace=namespace)

    def rules(found: Any) -> object:
        kept = [
            each
            for each in found["status"]["resourceRules"]
            if "authorization" not in str(each["apiGroups"])
            and "authentication" not in str(each["apiGroups"])
        ]
        return {"rules": kept, "incomplete": found["status"]["incomplete"]}

    yield post(at("selfsubjectrulesreviews"), body).acting_as(user).looking_at(rules)
    yield post(at("selfsubjectrulesreviews"), body).acting_as(_NOBODY).looking_at(rules)
    yield post(at("selfsubjectrulesreviews"), _review("SelfSubjectRulesReview"))
