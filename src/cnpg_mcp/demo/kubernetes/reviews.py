"""Access reviews: what would be allowed, to whom."""

from collections.abc import Mapping
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes.access import Access, Attempt, User
from cnpg_mcp.demo.kubernetes.bodies import document
from cnpg_mcp.demo.kubernetes.failures import Cause, Failure, bad_request, invalid, no_such_path
from cnpg_mcp.demo.kubernetes.requests import Request


@dataclass(frozen=True)
class Reviews:
    """Answers reviews; nothing of them is stored."""

    access: Access

    def answer(self, request: Request, plural: str) -> KubeObject:
        """The review with its status.

        Raises:
            Failure: 400 or 422 for a review that is none, 404 for one that is not known.
        """
        content = document(request).content
        review = content if isinstance(content, dict) else {}
        spec = _objects(review.get("spec"))
        if plural == "selfsubjectrulesreviews":
            return {**review, "status": self._rules(request.user, _text(spec, "namespace"))}
        if plural not in _ACCESS_REVIEWS:
            raise no_such_path()
        user = request.user if plural.startswith("self") else _user(spec)
        attributes = {key: _objects(spec.get(key)) for key in _ATTRIBUTES if spec.get(key)}
        _check(attributes)
        told = {key: _filled(value) for key, value in attributes.items()}
        decision = self._decision(user, attributes)
        return {**review, "spec": {**spec, **told}, "status": decision}

    def _decision(self, user: User, attributes: Mapping[str, KubeObject]) -> KubeObject:
        if path := attributes.get("nonResourceAttributes"):
            allowed = self.access.allows_path(user, _text(path, "verb"), _text(path, "path"))
        else:
            allowed = self.access.allowed(user, _attempt(attributes["resourceAttributes"]))
        return {"allowed": True, "reason": ""} if allowed else {"allowed": False}

    def _rules(self, user: User, namespace: str) -> KubeObject:
        if not namespace:
            raise bad_request("no namespace on request")
        everything = [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
        rules = everything if user.is_master else list(self.access.rules(user, namespace))
        return {"resourceRules": rules, "nonResourceRules": [], "incomplete": False}


_ACCESS_REVIEWS = ("selfsubjectaccessreviews", "subjectaccessreviews")
_ATTRIBUTES = ("resourceAttributes", "nonResourceAttributes")


def _check(attributes: Mapping[str, KubeObject]) -> None:
    """Returns where exactly one thing is asked for.

    Raises:
        Failure: 422.
    """
    if not attributes:
        told = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise _invalid("resourceAttributes", "null", told)
    if len(attributes) > 1:
        path = attributes["nonResourceAttributes"]
        shown = f'{{"Path":"{_text(path, "path")}","Verb":"{_text(path, "verb")}"}}'
        told = "cannot be specified in combination with resourceAttributes"
        raise _invalid("nonResourceAttributes", shown, told)


def _user(spec: KubeObject) -> User:
    groups = spec.get("groups") or []
    if not isinstance(groups, list) or not all(isinstance(each, str) for each in groups):
        raise _no_text("groups")
    if not groups and not _text(spec, "user"):
        raise _invalid("user", '""', "at least one of user or group must be specified")
    return User(_text(spec, "user"), tuple(groups))


def _invalid(field: str, shown: str, told: str) -> Failure:
    cause = Cause("FieldValueInvalid", f"Invalid value: {shown}: {told}", f"spec.{field}")
    return invalid(Kind("authorization.k8s.io/v1", "", ""), "", [cause])


def _attempt(asked: KubeObject) -> Attempt:
    below = _text(asked, "subresource")
    resource = _text(asked, "resource") + (f"/{below}" if below else "")
    named = (_text(asked, key) for key in ("namespace", "name"))
    return Attempt(_text(asked, "verb"), _text(asked, "group"), resource, *named)


def _objects(value: object) -> KubeObject:
    if value is not None and not isinstance(value, dict):
        raise _no_text("spec")
    return value or {}


def _filled(attributes: KubeObject) -> KubeObject:
    return {key: value for key, value in attributes.items() if value not in ("", None)}


def _text(values: KubeObject, key: str) -> str:
    found = values.get(key) or ""
    if not isinstance(found, str):
        raise _no_text(key)
    return found


def _no_text(field: str) -> Failure:
    return bad_request(f"json: cannot unmarshal into Go struct field {field}")
