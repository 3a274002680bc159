"""Objects that are created, read, and deleted."""

from test.demo.same.exchange import MERGE, Exchange, Script, at, delete, get, merge, post
from test.demo.same.objects import (
    claim,
    cluster,
    database,
    database_role,
    event,
    labelled,
    pod,
    secret,
    thing,
)


def _life(plural: str, namespace: str, body: dict[str, object]) -> Script:
    name = str(body["metadata"]["name"])  # type: ignore[index]
    yield post(at(plural, namespace), body)
    yield get(at(plural, namespace, name))
    yield get(at(plural, namespace))
    yield merge(at(plural, namespace, name), {"metadata": {"annotations": {"seen": "1"}}})
    yield delete(at(plural, namespace, name), {"gracePeriodSeconds": 0})
    yield get(at(plural, namespace, name))
    yield get(at(plural, namespace))


def life_of_a_cluster(namespace: str) -> Script:
    yield from _life("clusters", namespace, cluster(namespace))


def life_of_a_database(namespace: str) -> Script:
    yield from _life("databases", namespace, database(namespace, "orders"))


def life_of_a_database_role(namespace: str) -> Script:
    yield from _life("databaseroles", namespace, database_role(namespace, "reporting"))


def life_of_a_secret(namespace: str) -> Script:
    yield from _life("secrets", namespace, secret(namespace))


def life_of_a_pod(namespace: str) -> Script:
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    yield from _life("pods", namespace, pod(namespace))


def life_of_a_claim(namespace: str) -> Script:
    yield post(at("persistentvolumeclaims", namespace), claim(namespace))
    yield get(at("persistentvolumeclaims", namespace, "pg-1"))
    yield delete(at("persistentvolumeclaims", namespace, "pg-1"))
    yield get(at("persistentvolumeclaims", namespace, "pg-1"))
    yield merge(at("persistentvolumeclaims", namespace, "pg-1"), {"metadata": {"finalizers": None}})
    yield get(at("persistentvolumeclaims", namespace, "pg-1"))


def life_of_an_event(namespace: str) -> Script:
    yield from _life("events", namespace, event(namespace))


def life_of_a_config_map(namespace: str) -> Script:
    yield from _life("configmaps", namespace, thing("ConfigMap", namespace, "c", data={"a": "b"}))


def what_is_not_there(namespace: str) -> Script:
    for plural in ("clusters", "databases", "databaseroles", "secrets", "pods", "events"):
        yield get(at(plural, namespace, "nothing"))
        yield merge(at(plural, namespace, "nothing"), {"metadata": {"labels": {"a": "b"}}})
        yield delete(at(plural, namespace, "nothing"))
        yield delete(at(plural, namespace, "nothing"), {"propagationPolicy": "Background"})
    yield get(at("namespaces", None, f"{namespace}-nothing"))
    yield get(at("nodes", None, f"{namespace}-nothing"))


def status_of_what_is_not_there(namespace: str) -> Script:
    yield get(at("clusters", namespace, "nothing", "status"))
    yield merge(at("clusters", namespace, "nothing", "status"), {"status": {"phase": "x"}})


def lists_in_a_namespace_that_is_not_there(namespace: str) -> Script:
    yield get(at("clusters", f"{namespace}-nothing"))
    yield get(at("pods", f"{namespace}-nothing"))


def a_second_one_of_the_name(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield post(at("clusters", namespace), cluster(namespace, instances=3))
    yield post(at("secrets", namespace), secret(namespace))
    yield post(at("secrets", namespace), secret(namespace))
    yield get(at("clusters", namespace, "pg"))


def the_same_name_again_is_another_object(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    yield delete(at("secrets", namespace, "credentials"))
    yield post(at("secrets", namespace), secret(namespace))


def metadata_of_ones_own(namespace: str) -> Script:
    """What a client may not decide is not taken from it."""
    body = labelled(secret(namespace), app="pg")
    body["metadata"] |= {
        "uid": "0f6a3a4e-31a4-4a3e-9f37-5f3a3a0b2c11",
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "generation": 7,
        "selfLink": "/somewhere",
        "annotations": {"a": "b"},
        "ownerReferences": [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "name": "owner",
                "uid": "1c0ff6c5-c6b7-4a6f-8f0c-2b4c5f6a7d88",
            }
        ],
        "finalizers": ["example.org/kept"],
        "unknown": "field",
    }
    yield post(at("secrets", namespace), body)


def metadata_of_ones_own_in_a_cluster(namespace: str) -> Script:
    body = cluster(namespace)
    body["metadata"] |= {
        "uid": "0f6a3a4e-31a4-4a3e-9f37-5f3a3a0b2c11",
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "generation": 7,
        "deletionTimestamp": "2001-01-01T00:00:00Z",
        "deletionGracePeriodSeconds": 4,
        "unknown": "field",
    }
    body["status"] = {"phase": "from the client"}
    yield post(at("clusters", namespace), body)
    yield get(at("clusters", namespace, "pg"))


def a_version_in_a_create_is_refused(namespace: str) -> Script:
    body = secret(namespace)
    body["metadata"]["resourceVersion"] = "1"
    yield post(at("secrets", namespace), body)
    body = cluster(namespace)
    body["metadata"]["resourceVersion"] = "1"
    yield post(at("clusters", namespace), body)


def patching_what_is_not_there_creates_nothing(namespace: str) -> Script:
    body = {"metadata": {"name": "new"}, "spec": {"instances": 1, "storage": {"size": "1Gi"}}}
    yield Exchange(
        "PATCH",
        at("clusters", namespace, "new"),
        body=body,
        headers=(("Content-Type", MERGE),),
    )
    yield get(at("clusters", namespace))
