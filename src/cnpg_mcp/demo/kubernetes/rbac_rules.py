"""What roles and bindings may say."""

from collections.abc import Iterator

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause

GROUP = "rbac.authorization.k8s.io"
_GROUPS_OF_SUBJECTS = {"User": GROUP, "Group": GROUP, "ServiceAccount": ""}


def role_causes(role: KubeObject, _: KubeObject | None) -> Iterator[Cause]:
    """What is wrong with the rules of a role."""
    for number, rule in enumerate(role.get("rules") or []):
        where = f"rules[{number}]"
        if not rule.get("verbs"):
            yield _required(f"{where}.verbs", "verbs must contain at least one value")
        if rule.get("nonResourceURLs"):
            continue
        if not rule.get("apiGroups"):
            yield _required(
                f"{where}.apiGroups", "resource rules must supply at least one api group"
            )
        if not rule.get("resources"):
            yield _required(
                f"{where}.resources", "resource rules must supply at least one resource"
            )


def normal_binding(binding: KubeObject) -> KubeObject:
    """The binding with the API groups that its role and subjects have."""
    made = dict(binding)
    if isinstance(made.get("roleRef"), dict):
        made["roleRef"] = {**made["roleRef"], "apiGroup": made["roleRef"].get("apiGroup") or GROUP}
    subjects = [_normal_subject(each) for each in made.get("subjects") or []]
    return {**made, "subjects": subjects} if subjects else made


def _normal_subject(subject: KubeObject) -> KubeObject:
    group = subject.get("apiGroup") or _GROUPS_OF_SUBJECTS.get(subject.get("kind", ""), "")
    return {**subject, "apiGroup": group} if group else subject


def binding_causes(binding: KubeObject, old: KubeObject | None) -> Iterator[Cause]:
    """What is wrong with a binding's role or subjects."""
    reference = binding.get("roleRef") or {}
    of_cluster = binding["kind"] == "ClusterRoleBinding"
    kinds = ("ClusterRole",) if of_cluster else ("Role", "ClusterRole")
    if reference.get("kind") not in kinds:
        yield _unsupported("roleRef.kind", reference.get("kind", ""), kinds)
    if not reference.get("name"):
        yield _required("roleRef.name")
    for number, subject in enumerate(binding.get("subjects") or []):
        yield from _subject_causes(subject, f"subjects[{number}]", of_cluster=of_cluster)
    if old is not None and reference != old.get("roleRef"):
        told = "Invalid value: {}: cannot change roleRef"
        yield Cause("FieldValueInvalid", told, "roleRef")


def _subject_causes(subject: KubeObject, where: str, *, of_cluster: bool) -> Iterator[Cause]:
    kind = subject.get("kind", "")
    if kind not in _GROUPS_OF_SUBJECTS:
        yield _unsupported(f"{where}.kind", kind, tuple(sorted(_GROUPS_OF_SUBJECTS)))
    if not subject.get("name"):
        yield _required(f"{where}.name")
    if kind == "ServiceAccount" and of_cluster and not subject.get("namespace"):
        yield _required(f"{where}.namespace")


def _required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value{f': {why}' if why else ''}", field)


def _unsupported(field: str, value: str, supported: tuple[str, ...]) -> Cause:
    listed = ", ".join(f'"{each}"' for each in supported)
    told = f'Unsupported value: "{value}": supported values: {listed}'
    return Cause("FieldValueNotSupported", told, field)
