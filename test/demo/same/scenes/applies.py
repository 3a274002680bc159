"""Server-side apply, as far as it is used: one manager that forces."""

from test.demo.same.exchange import APPLY, Exchange, Script, apply, at, get, merge
from test.demo.same.objects import cluster, database, labelled, secret, thing

_FORCED = {"fieldManager": "controlplane", "force": "true"}


def a_cluster(namespace: str) -> Script:
    path = at("clusters", namespace, "pg")
    yield apply(path, labelled(cluster(namespace), a="1", b="2"), **_FORCED)
    yield apply(path, labelled(cluster(namespace), a="1", b="2"), **_FORCED)
    yield apply(path, labelled(cluster(namespace, instances=2), a="1"), **_FORCED)
    yield get(path)


def a_database(namespace: str) -> Script:
    path = at("databases", namespace, "orders")
    yield apply(path, database(namespace, "orders"), **_FORCED)
    yield apply(path, database(namespace, "orders", owner="other"), **_FORCED)


def a_namespace(namespace: str) -> Script:
    name = f"{namespace}-applied"
    path = at("namespaces", None, name)
    yield apply(path, thing("Namespace", None, name), **_FORCED)
    yield apply(path, labelled(thing("Namespace", None, name), team="a"), **_FORCED)


def a_node(namespace: str) -> Script:
    name = f"{namespace}-node"
    path = at("nodes", None, name)
    yield apply(path, thing("Node", None, name), **_FORCED)
    yield apply(path, labelled(thing("Node", None, name), zone="a"), **_FORCED)
    yield get(path)


def fields_of_others_stay(namespace: str) -> Script:
    path = at("secrets", namespace, "credentials")
    yield apply(path, secret(namespace), **_FORCED)
    yield merge(path, {"metadata": {"labels": {"other": "1"}}, "data": {"more": "eA=="}})
    yield apply(path, labelled(secret(namespace), mine="1"), **_FORCED)


def without_a_manager(namespace: str) -> Script:
    yield apply(at("clusters", namespace, "pg"), cluster(namespace))
    yield apply(at("clusters", namespace, "pg"), cluster(namespace), force="true")


def what_does_not_fit(namespace: str) -> Script:
    path = at("clusters", namespace, "pg")
    yield apply(path, cluster(namespace, "other"), **_FORCED)
    yield apply(path, {}, **_FORCED)
    yield apply(path, cluster(namespace, instances=0), **_FORCED)
    yield apply(path, cluster(namespace, unknown=1), **_FORCED)
    yield Exchange("PATCH", path, _FORCED, b"nonsense", (("Content-Type", APPLY),))
    yield get(path)


def as_yaml(namespace: str) -> Script:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  b: c\n"
    path = at("configmaps", namespace, "a")
    yield Exchange("PATCH", path, _FORCED, body, (("Content-Type", APPLY),))


def dry(namespace: str) -> Script:
    path = at("clusters", namespace, "pg")
    yield apply(path, cluster(namespace), **_FORCED, dryRun="All")
    yield get(path)
