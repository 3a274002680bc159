"""Deletes: conditional, held by finalizers, and in each propagation."""

from typing import Any

from test.demo.same.exchange import Script, at, delete, get, json_patch, merge, post
from test.demo.same.objects import cluster, pod, secret, thing

_BOTH = (("clusters", "pg", cluster), ("secrets", "credentials", secret))
_ANOTHER = "0f6a3a4e-31a4-4a3e-9f37-5f3a3a0b2c11"


def conditional(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        created = yield post(at(plural, namespace), make(namespace))
        path = at(plural, namespace, name)
        yield delete(path, {"preconditions": {"uid": _ANOTHER}})
        yield delete(path, {"preconditions": {"resourceVersion": "1"}})
        yield delete(path, {"preconditions": {"uid": _ANOTHER, "resourceVersion": "1"}})
        yield delete(path, {"preconditions": {"uid": created.uid, "resourceVersion": "1"}})
        yield merge(path, {"metadata": {"labels": {"a": "1"}}})
        stale = {"uid": created.uid, "resourceVersion": created.version}
        yield delete(path, {"preconditions": stale})
        yield get(path)
        yield delete(path, {"preconditions": {"uid": created.uid}})
        yield get(path)


def of_the_version_that_was_read(namespace: str) -> Script:
    created = yield post(at("clusters", namespace), cluster(namespace))
    right = {"uid": created.uid, "resourceVersion": created.version}
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": right}
    yield delete(at("clusters", namespace, "pg"), {**options, "propagationPolicy": "Background"})
    yield get(at("clusters", namespace, "pg"))


def propagation(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        path = at(plural, namespace, name)
        for policy in ("Background", "Orphan", "Foreground"):
            yield post(at(plural, namespace), make(namespace))
            yield delete(path, {"propagationPolicy": policy})
            held = yield get(path)
            if held.metadata.get("finalizers"):
                yield merge(path, {"metadata": {"finalizers": None}})
                yield get(path)
        yield post(at(plural, namespace), make(namespace))
        yield delete(path, {"propagationPolicy": "Sideways"})
        yield delete(path, propagationPolicy="Sideways")
        yield delete(path, propagationPolicy="Background")
        yield get(path)


def orphans_of_old(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    both = {"orphanDependents": True, "propagationPolicy": "Background"}
    yield delete(at("secrets", namespace, "credentials"), both)


def held_by_a_finalizer(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        body = make(namespace)
        body["metadata"]["finalizers"] = ["example.org/kept", "example.org/too"]
        yield post(at(plural, namespace), body)
        path = at(plural, namespace, name)
        yield delete(path)
        yield get(path)
        yield delete(path)
        yield post(at(plural, namespace), make(namespace))
        yield merge(path, {"metadata": {"labels": {"a": "1"}}})
        yield json_patch(path, {"op": "remove", "path": "/metadata/finalizers/0"})
        yield merge(path, {"metadata": {"finalizers": ["example.org/too", "example.org/new"]}})
        yield merge(path, {"metadata": {"finalizers": []}})
        yield get(path)


def held_while_its_spec_changes(namespace: str) -> Script:
    body = cluster(namespace)
    body["metadata"]["finalizers"] = ["example.org/kept"]
    yield post(at("clusters", namespace), body)
    yield delete(at("clusters", namespace, "pg"))
    yield merge(at("clusters", namespace, "pg"), {"spec": {"instances": 2}})
    yield merge(at("clusters", namespace, "pg", "status"), {"status": {"phase": "going"}})
    yield merge(at("clusters", namespace, "pg", "status"), {"metadata": {"finalizers": None}})
    yield get(at("clusters", namespace, "pg"))


def finalizers_that_are_none(namespace: str) -> Script:
    body = secret(namespace)
    body["metadata"]["finalizers"] = ["unqualified"]
    yield post(at("secrets", namespace), body)
    body = cluster(namespace)
    body["metadata"]["finalizers"] = ["a b"]
    yield post(at("clusters", namespace), body)


def grace_of_pods(namespace: str) -> Script:
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    yield post(at("pods", namespace), pod(namespace, "unbound"))
    yield delete(at("pods", namespace, "unbound"))
    yield get(at("pods", namespace, "unbound"))


def grace_of_bound_pods(namespace: str) -> Script:
    """A pod on a node stays until its kubelet lets it go."""
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    body = pod(namespace)
    body["spec"]["nodeName"] = f"{namespace}-node"
    yield post(at("pods", namespace), body)
    path = at("pods", namespace, "pg-1")
    yield delete(path)
    yield get(path)
    yield delete(path, {"gracePeriodSeconds": 5})
    yield delete(path, {"gracePeriodSeconds": -7})
    yield delete(path, {"gracePeriodSeconds": 0})
    yield get(path)


def _on_a_node(namespace: str, name: str, grace: object = None) -> dict[str, Any]:
    """A pod that stays until its kubelet lets it go; there is none."""
    body = pod(namespace, name)
    body["spec"]["nodeName"] = f"{namespace}-node"
    if grace is not None:
        body["spec"]["terminationGracePeriodSeconds"] = grace
    return body


def _ends(body: Any) -> object:
    """When a pod ends, by the century: a time that is too far away is another one."""
    meta = body["metadata"]
    if "deletionTimestamp" not in meta:
        return body
    return meta["deletionTimestamp"][:2], meta["deletionGracePeriodSeconds"]


def grace_without_an_end(namespace: str) -> Script:
    """The numbers are 64 bits wide, and so are nanoseconds."""
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    for number, grace in enumerate((10**30, 2**63, 2**63 - 1, 10**12, 10**10, 0)):
        body = _on_a_node(namespace, f"pg-{number}", grace)
        created = yield post(at("pods", namespace), body)
        if created.uid:
            yield delete(at("pods", namespace, f"pg-{number}")).looking_at(_ends)


def grace_that_is_asked_for(namespace: str) -> Script:
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    for number, grace in enumerate((2**63 - 1, 10**12, 10**10, -(2**63))):
        yield post(at("pods", namespace), _on_a_node(namespace, f"pg-{number}"))
        options = {"gracePeriodSeconds": grace}
        yield delete(at("pods", namespace, f"pg-{number}"), options).looking_at(_ends)


def grace_that_is_none(namespace: str) -> Script:
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    yield post(at("pods", namespace), _on_a_node(namespace, "pg-1"))
    for grace in (10**30, -(10**30), 2**63, 1.5, 1e30, "5", True, [], {}):
        yield delete(at("pods", namespace, "pg-1"), {"gracePeriodSeconds": grace})
    for text in (str(10**30), str(2**63), "1.5", "x", ""):
        yield delete(at("pods", namespace, "pg-1"), gracePeriodSeconds=text)
    yield get(at("pods", namespace, "pg-1"))


def options_that_are_none(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    path = at("secrets", namespace, "credentials")
    for field in ("preconditions", "propagationPolicy", "orphanDependents", "dryRun"):
        for value in (10**30, 1.5, True, "text", [], [5], {"uid": 5}):
            yield delete(path, {field: value, "gracePeriodSeconds": "text"})
    for inner in ("uid", "resourceVersion"):
        for value in (10**30, 1.5, True, [], {}):
            yield delete(path, {"preconditions": {inner: value}})
    yield get(path)


def grace_in_the_query(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield delete(at("clusters", namespace, "pg"), gracePeriodSeconds="abc")
    yield delete(at("clusters", namespace, "pg"), gracePeriodSeconds="30")
    yield get(at("clusters", namespace, "pg"))


def unknown_options(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield delete(at("clusters", namespace, "pg"), {"unknown": 1})
    yield get(at("clusters", namespace, "pg"))
