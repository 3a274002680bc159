"""Who may do what: RBAC over the roles and bindings that are stored, as the API server decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from cnpg_mcp.demo.kubernetes.failures import Failure
from cnpg_mcp.demo.kubernetes.storage import Storage

MASTERS = "system:masters"
AUTHENTICATED, UNAUTHENTICATED = "system:authenticated", "system:unauthenticated"
SERVICE_ACCOUNT = "system:serviceaccount:"
_ROLES, _CLUSTER_ROLES = BY_PLURAL["roles"], BY_PLURAL["clusterroles"]
_BINDINGS, _CLUSTER_BINDINGS = BY_PLURAL["rolebindings"], BY_PLURAL["clusterrolebindings"]
_SELF_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews")


@dataclass(frozen=True)
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...] = ()

    @property
    def is_master(self) -> bool:
        """Whether everything is allowed."""
        return MASTERS in self.groups

    @property
    def all_groups(self) -> frozenset[str]:
        """The groups, with those that somebody is in by being known, or unknown."""
        known = () if UNAUTHENTICATED in self.groups else (AUTHENTICATED,)
        return frozenset((*self.groups, *known, *_of_service_account(self.name)))


ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))


def _of_service_account(name: str) -> tuple[str, ...]:
    namespace = name.removeprefix(SERVICE_ACCOUNT).partition(":")[0]
    if not name.startswith(SERVICE_ACCOUNT):
        return ()
    return "system:serviceaccounts", f"system:serviceaccounts:{namespace}"


@dataclass(frozen=True)
class Attempt:
    """What somebody wants to do. `resource` has its subresource: `pods/proxy`."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""

    def refused(self, user: User) -> Failure:
        """The answer where it is not allowed."""
        plural, _, _ = self.resource.partition("/")
        qualified = f"{plural}.{self.group}" if self.group else plural
        named = f'{qualified} "{self.name}"' if self.name else qualified
        where = f'in the namespace "{self.namespace}"' if self.namespace else "at the cluster scope"
        message = (
            f'{named} is forbidden: User "{user.name}" cannot {self.verb} resource'
            f' "{self.resource}" in API group "{self.group}" {where}'
        )
        about = {"name": self.name, "group": self.group, "kind": plural}
        details = {key: value for key, value in about.items() if value}
        return Failure(HTTPStatus.FORBIDDEN, "Forbidden", message, details)


class Access:
    """Decides over one API server's requests."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def check(self, user: User, attempt: Attempt) -> None:
        """Returns where the attempt is allowed.

        Raises:
            Failure: 403.
        """
        if not self.allowed(user, attempt):
            raise attempt.refused(user)

    def allowed(self, user: User, attempt: Attempt) -> bool:
        """Whether a rule allows it."""
        if user.is_master:
            return True
        if attempt.resource in _SELF_REVIEWS and AUTHENTICATED in user.all_groups:
            return True
        return any(_covers(rule, attempt) for rule in self.rules(user, attempt.namespace))

    def check_path(self, user: User, method: str, path: str) -> None:
        """Returns where a path that names no resource may be asked for.

        Raises:
            Failure: 403.
        """
        if not self.allows_path(user, method, path):
            message = f'forbidden: User "{user.name}" cannot {method.lower()} path "{path}"'
            raise Failure(HTTPStatus.FORBIDDEN, "Forbidden", message, {})

    def allows_path(self, user: User, method: str, path: str) -> bool:
        """Whether a path that names no resource may be asked for."""
        if user.is_master:
            return True
        known = AUTHENTICATED in user.all_groups
        public = path in _PUBLIC or (known and _is_discovery(path))
        return public and method.lower() in ("get", "head")

    def rules(self, user: User, namespace: str) -> Iterator[KubeObject]:
        """The rules that a user has in a namespace, or in the whole cluster where it is empty."""
        for binding in self._storage.all(_CLUSTER_BINDINGS):
            if _binds(binding, user):
                yield from self._referred(binding, "")
        if namespace:
            for binding in self._storage.all(_BINDINGS, namespace):
                if _binds(binding, user):
                    yield from self._referred(binding, namespace)

    def _referred(self, binding: KubeObject, namespace: str) -> list[KubeObject]:
        reference = binding["roleRef"]
        of_cluster = reference["kind"] == "ClusterRole"
        kind, space = (_CLUSTER_ROLES, "") if of_cluster else (_ROLES, namespace)
        role = self._storage.get(kind, space, reference["name"])
        return (role or {}).get("rules") or []


_PUBLIC = ("/healthz", "/livez", "/readyz", "/version")


def _is_discovery(path: str) -> bool:
    return path in ("/api", "/apis") or path.startswith(("/api/", "/apis/", "/openapi/"))


def _binds(binding: KubeObject, user: User) -> bool:
    return any(_is(subject, user) for subject in binding.get("subjects") or [])


def _is(subject: KubeObject, user: User) -> bool:
    if subject["kind"] == "ServiceAccount":
        account = f"{SERVICE_ACCOUNT}{subject.get('namespace', '')}:{subject['name']}"
        return account == user.name
    if subject["kind"] == "Group":
        return subject["name"] in user.all_groups
    return bool(subject["name"] == user.name)


def _covers(rule: KubeObject, attempt: Attempt) -> bool:
    names = rule.get("resourceNames") or []
    return (
        _has(rule.get("verbs"), attempt.verb)
        and _has(rule.get("apiGroups"), attempt.group)
        and _has_resource(rule.get("resources"), attempt.resource)
        and (not names or attempt.name in names)
    )


def _has_resource(listed: list[str] | None, wanted: str) -> bool:
    """Whether a resource is listed; `*/scale` stands for that subresource of every one."""
    _, slash, below = wanted.partition("/")
    return _has(listed, wanted) or (bool(slash) and f"*/{below}" in (listed or ()))


def _has(listed: list[str] | None, wanted: str) -> bool:
    return "*" in (listed or ()) or wanted in (listed or ())
