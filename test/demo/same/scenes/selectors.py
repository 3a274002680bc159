"""Lists by label and by field."""

from test.demo.same.exchange import Script, at, get, post
from test.demo.same.objects import cluster, event, labelled, pod, secret, thing

_FOUND = (
    "app=a",
    "app==a",
    "app!=a",
    "app in (a,b)",
    "app in (a)",
    "app notin (a)",
    "app",
    "!app",
    "app,tier=x",
    "app=a,tier!=x",
    "tier notin (x,y),app",
    "app=",
    "app in (,)",
    " app = a ",
    "weight>1",
    "weight<2",
    "example.org/app=a",
    "",
    ",",
)
_MALFORMED = (
    "app=a=b",
    "app in",
    "app in a",
    "app in (a",
    "app in ()",
    "=a",
    "!",
    "!app=a",
    "app=a,,tier=x",
    "a b",
    "app=ü",
    "app=a/b",
    "-app",
    "weight>x",
    "(",
    "app!a",
)


def _names(body: object) -> object:
    items = body.get("items") if isinstance(body, dict) else None
    return body if items is None else [each["metadata"]["name"] for each in items]


def _planted(namespace: str) -> Script:
    for name, labels in (
        ("one", {"app": "a", "tier": "x", "weight": "2"}),
        ("two", {"app": "b"}),
        ("three", {"tier": "y", "example.org/app": "a"}),
        ("four", {"app": ""}),
        ("five", {}),
    ):
        yield post(at("secrets", namespace), labelled(secret(namespace, name), **labels))
        yield post(at("clusters", namespace), labelled(cluster(namespace, name), **labels))


def labels(namespace: str) -> Script:
    yield from _planted(namespace)
    for selector in _FOUND:
        yield get(at("secrets", namespace), labelSelector=selector).looking_at(_names)
        yield get(at("clusters", namespace), labelSelector=selector).looking_at(_names)


def labels_that_are_malformed(namespace: str) -> Script:
    for selector in _MALFORMED:
        yield get(at("secrets", namespace), labelSelector=selector)
        yield get(at("clusters", namespace), labelSelector=selector)


def names_and_namespaces(namespace: str) -> Script:
    yield from _planted(namespace)
    for plural in ("secrets", "clusters"):
        for selector in (
            "metadata.name=one",
            "metadata.name==one",
            "metadata.name!=one",
            "metadata.name=one,metadata.name!=two",
            f"metadata.namespace={namespace}",
            "metadata.namespace=elsewhere",
            f"metadata.namespace={namespace},metadata.name=two",
            "metadata.name=",
        ):
            yield get(at(plural, namespace), fieldSelector=selector).looking_at(_names)


def names_everywhere(namespace: str) -> Script:
    yield from _planted(namespace)
    for plural in ("secrets", "clusters"):
        selector = f"metadata.namespace={namespace},metadata.name=one"
        yield get(at(plural), fieldSelector=selector).looking_at(_names)


def both_at_once(namespace: str) -> Script:
    yield from _planted(namespace)
    query = {"labelSelector": "app", "fieldSelector": "metadata.name!=one"}
    yield get(at("clusters", namespace), **query).looking_at(_names)


def fields_that_are_not_served(namespace: str) -> Script:
    for selector in ("spec.instances=1", "status.phase=x", "nothing=1", "metadata.uid=1"):
        yield get(at("clusters", namespace), fieldSelector=selector)
        yield get(at("secrets", namespace), fieldSelector=selector)


def fields_that_are_malformed(namespace: str) -> Script:
    for selector in (
        "metadata.name",
        "metadata.name in (a)",
        "=",
        "metadata.name=a=b",
        ",",
        "a\\z=1",
    ):
        yield get(at("clusters", namespace), fieldSelector=selector)
        yield get(at("secrets", namespace), fieldSelector=selector)


def fields_of_events(namespace: str) -> Script:
    yield post(at("events", namespace), event(namespace, "pg.1"))
    yield post(at("events", namespace), event(namespace, "other.1", "other"))
    for selector in (
        "involvedObject.kind=Cluster",
        "involvedObject.name=pg",
        "involvedObject.kind=Cluster,involvedObject.name=other",
        "involvedObject.kind=Pod",
        "reason=CreatingInstance",
        "type!=Normal",
        "involvedObject.uid=1",
    ):
        yield get(at("events", namespace), fieldSelector=selector).looking_at(_names)
    yield get(at("events", namespace), fieldSelector="message=an instance")


def fields_of_pods_and_secrets(namespace: str) -> Script:
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    yield post(at("pods", namespace), pod(namespace))
    for selector in ("status.phase=Pending", "status.phase=Running", "spec.nodeName="):
        yield get(at("pods", namespace), fieldSelector=selector).looking_at(_names)
    yield post(at("secrets", namespace), secret(namespace))
    for selector in ("type=Opaque", "type!=Opaque"):
        yield get(at("secrets", namespace), fieldSelector=selector).looking_at(_names)
