"""Names and namespaces: those that are refused, and those that are made."""

from test.demo.same.exchange import Script, at, get, post
from test.demo.same.objects import cluster, secret, thing

_REFUSED = ("Capital", "under_score", "-first", "last-", "dot..dot", "a b", "ü", "a/b", "x" * 254)


def names_that_no_dns_has(namespace: str) -> Script:
    for name in _REFUSED:
        yield post(at("secrets", namespace), secret(namespace, name))


def names_that_no_dns_has_of_a_cluster(namespace: str) -> Script:
    for name in _REFUSED:
        yield post(at("clusters", namespace), cluster(namespace, name))


def names_of_namespaces(namespace: str) -> Script:
    for name in ("Capital", "with.dot", "x" * 64):
        yield post(at("namespaces"), thing("Namespace", None, name))


def names_that_are_allowed(namespace: str) -> Script:
    for name in ("with.dot", "1digit", "x" * 253):
        yield post(at("secrets", namespace), secret(namespace, name))


def no_name_at_all(namespace: str) -> Script:
    for plural, body in (("secrets", secret(namespace)), ("clusters", cluster(namespace))):
        del body["metadata"]["name"]
        yield post(at(plural, namespace), body)
        yield post(at(plural, namespace), {**body, "metadata": {}})
        yield post(at(plural, namespace), {**body, "metadata": {"name": ""}})
        del body["metadata"]
        yield post(at(plural, namespace), body)


def names_that_are_generated(namespace: str) -> Script:
    for plural, body in (("secrets", secret(namespace)), ("clusters", cluster(namespace))):
        body["metadata"] = {"generateName": "pg-"}
        yield post(at(plural, namespace), body)
        body["metadata"] = {"generateName": "pg-", "name": "given"}
        yield post(at(plural, namespace), body)


def generated_names_are_refused_like_others(namespace: str) -> Script:
    body = secret(namespace)
    body["metadata"] = {"generateName": "Pg_"}
    yield post(at("secrets", namespace), body).looking_at(lambda found: found["reason"])


def the_namespace_of_the_path_is_taken(namespace: str) -> Script:
    for plural, body in (("secrets", secret(namespace)), ("clusters", cluster(namespace))):
        del body["metadata"]["namespace"]
        yield post(at(plural, namespace), body)


def another_namespace_than_the_path(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(f"{namespace}-other"))
    yield post(at("clusters", namespace), cluster(f"{namespace}-other"))


def a_namespace_that_is_not_there(namespace: str) -> Script:
    missing = f"{namespace}-nothing"
    yield post(at("secrets", missing), secret(missing))
    yield post(at("clusters", missing), cluster(missing))
    yield post(at("clusters", missing), cluster(missing), dryRun="All")


def labels_and_annotations_that_are_refused(namespace: str) -> Script:
    for labels in ({"a b": "c"}, {"a": "b c"}, {"a": "x" * 64}, {"/a": "b"}, {"": "b"}):
        body = secret(namespace)
        body["metadata"]["labels"] = labels
        yield post(at("secrets", namespace), body)
        body = cluster(namespace)
        body["metadata"]["labels"] = labels
        yield post(at("clusters", namespace), body)
    body = secret(namespace)
    body["metadata"]["annotations"] = {"a b": "anything goes"}
    yield post(at("secrets", namespace), body)


def names_in_paths_that_no_object_can_have(namespace: str) -> Script:
    for name in ("Capital", "a%20b", "..%2f", "%C3%BC"):
        yield get(f"{at('clusters', namespace)}/{name}")
        yield get(f"{at('pods', namespace)}/{name}")
