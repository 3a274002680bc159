"""Namespaces, from their making to their end."""

from test.demo.same.exchange import Script, at, delete, get, merge, post
from test.demo.same.objects import cluster, secret, thing


def of_ones_own(namespace: str) -> Script:
    yield get(at("namespaces", None, namespace))
    yield get(at("namespaces"), fieldSelector=f"metadata.name={namespace}")
    yield get(at("namespaces"), labelSelector=f"kubernetes.io/metadata.name={namespace}")
    yield post(at("namespaces"), thing("Namespace", None, namespace))
    yield merge(at("namespaces", None, namespace), {"metadata": {"labels": {"team": "a"}}})


def default_ones(namespace: str) -> Script:
    """A real API server makes them in the background after its start."""
    for name in ("default", "kube-system"):
        found = get(at("namespaces", None, name)).repeated_until(200)
        yield found.looking_at(lambda body: body["status"])


def that_end(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    yield delete(at("namespaces", None, namespace))
    yield get(at("namespaces", None, namespace))
    yield post(at("secrets", namespace), secret(namespace, "late"))
    yield post(at("clusters", namespace), cluster(namespace))
    yield post(at("clusters", namespace), cluster(namespace), dryRun="All")
    yield merge(at("secrets", namespace, "credentials"), {"metadata": {"labels": {"a": "1"}}})
    yield delete(at("secrets", namespace, "credentials"))
    yield get(at("secrets", namespace))


def that_protect_themselves(namespace: str) -> Script:
    yield delete(at("namespaces", None, "default"), {"dryRun": ["All"]})
    yield delete(at("namespaces", None, "kube-system"), {"dryRun": ["All"]})
