"""Changes that are only tried."""

from test.demo.same.exchange import Script, at, delete, get, json_patch, merge, post, put
from test.demo.same.objects import cluster, secret

_BOTH = (("clusters", "pg", cluster), ("secrets", "credentials", secret))


def creates(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        yield post(at(plural, namespace), make(namespace), dryRun="All")
        yield get(at(plural, namespace, name))
        yield post(at(plural, namespace), make(namespace))
        yield post(at(plural, namespace), make(namespace), dryRun="All")


def refusals(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace, instances=0), dryRun="All")
    yield post(
        at("clusters", namespace), cluster(namespace, x=1), dryRun="All", fieldValidation="Strict"
    )


def names_that_are_generated(namespace: str) -> Script:
    body = {**secret(namespace), "metadata": {"generateName": "a-"}}
    yield post(at("secrets", namespace), body, dryRun="All")


def patches(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        created = yield post(at(plural, namespace), make(namespace))
        path = at(plural, namespace, name)
        patch = {"metadata": {"labels": {"a": "1"}}}
        yield merge(path, patch, dryRun="All")
        yield get(path)
        add = {"op": "add", "path": "/metadata/labels", "value": {"a": "1"}}
        yield json_patch(path, add, dryRun="All")
        stale = {"metadata": {**patch["metadata"], "resourceVersion": "1"}}
        yield merge(path, stale, dryRun="All")
        fresh = {"metadata": {**patch["metadata"], "resourceVersion": created.version}}
        yield merge(path, fresh, dryRun="All")
        yield put(
            path,
            {**created.body, "metadata": {**created.metadata, "labels": {"b": "1"}}},
            dryRun="All",
        )
        yield get(path)


def patches_of_the_generation(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield merge(at("clusters", namespace, "pg"), {"spec": {"instances": 3}}, dryRun="All")
    yield get(at("clusters", namespace, "pg"))


def patches_of_the_status(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    path = at("clusters", namespace, "pg", "status")
    yield merge(path, {"status": {"phase": "x"}}, dryRun="All")
    yield get(path)


def deletes(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        yield post(at(plural, namespace), make(namespace))
        path = at(plural, namespace, name)
        yield delete(path, dryRun="All")
        yield get(path)
        yield delete(path, {"dryRun": ["All"]})
        yield get(path)
        yield delete(path, {"dryRun": ["All"], "preconditions": {"uid": "another"}})
        yield delete(at(plural, namespace, "nothing"), {"dryRun": ["All"]})


def deletes_of_what_is_held(namespace: str) -> Script:
    body = cluster(namespace)
    body["metadata"]["finalizers"] = ["example.org/kept"]
    yield post(at("clusters", namespace), body)
    path = at("clusters", namespace, "pg")
    yield delete(path, {"dryRun": ["All"]})
    yield delete(path, {"dryRun": ["All"], "propagationPolicy": "Foreground"})
    yield get(path)


def the_query_beside_a_body_is_not_read(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        yield post(at(plural, namespace), make(namespace))
        path = at(plural, namespace, name)
        yield delete(path, {"propagationPolicy": "Background"}, dryRun="All")
        yield get(path)


def the_query_beside_an_empty_object(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield delete(at("clusters", namespace, "pg"), {}, dryRun="All")
    yield get(at("clusters", namespace, "pg"))


def other_values(namespace: str) -> Script:
    for plural, name, make in _BOTH:
        for value in ("Some", "", "all", "true"):
            yield post(at(plural, namespace), make(namespace, f"v{value.lower()}"), dryRun=value)
        yield post(at(plural, namespace), make(namespace))
        yield delete(at(plural, namespace, name), {"dryRun": ["Some"]})
        yield delete(at(plural, namespace, name), {"dryRun": "All"})
