"""Bodies that are no object, or not the one that belongs there."""

from test.demo.same.exchange import JSON, Exchange, Script, at, delete, get, post
from test.demo.same.objects import cluster, pod, secret, thing

_CREATED = {"clusters": cluster, "secrets": secret}


def _typed(content_type: str) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", content_type),)


def no_json(namespace: str) -> Script:
    for plural in _CREATED:
        for body in (b"", b"{", b"nonsense", b"[]", b"null", b"1", b'"text"', b"{}", b"\xff\xfe"):
            yield post(at(plural, namespace), body)


def json_with_more_behind(namespace: str) -> Script:
    body = b'{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}} trailing'
    yield post(at("secrets", namespace), body)


def yaml_in_json(namespace: str) -> Script:
    body = b"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
    yield post(at("secrets", namespace), body)


def yaml_as_such(namespace: str) -> Script:
    body = b"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
    yield Exchange("POST", at("secrets", namespace), {}, body, _typed("application/yaml"))


def wrong_kinds(namespace: str) -> Script:
    for plural, make in _CREATED.items():
        whole = make(namespace)
        yield post(at(plural, namespace), {**whole, "kind": "Database"})
        yield post(at(plural, namespace), {**whole, "kind": "Nothing"})
        yield post(at(plural, namespace), {**whole, "apiVersion": "postgresql.cnpg.io/v2"})
        yield post(at(plural, namespace), {**whole, "apiVersion": "v1", "kind": "ConfigMap"})
        yield post(at(plural, namespace), {**whole, "apiVersion": "a/b/c"})


def no_kinds(namespace: str) -> Script:
    for plural, make in _CREATED.items():
        whole = make(namespace)
        yield post(at(plural, namespace), {k: v for k, v in whole.items() if k != "kind"})
        yield post(at(plural, namespace), {k: v for k, v in whole.items() if k != "apiVersion"})


def content_types(namespace: str) -> Script:
    for number, content_type in enumerate(
        (
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/merge-patch+json",
            "nonsense",
            f"{JSON}; charset=utf-8",
            "application/vnd.kubernetes.protobuf",
        )
    ):
        body = secret(namespace, f"n{number}")
        yield Exchange("POST", at("secrets", namespace), {}, body, _typed(content_type))


def content_types_for_a_cluster(namespace: str) -> Script:
    for number, content_type in enumerate(("text/plain", "application/merge-patch+json")):
        body = cluster(namespace, f"n{number}")
        yield Exchange("POST", at("clusters", namespace), {}, body, _typed(content_type))


def no_content_type(namespace: str) -> Script:
    yield Exchange("POST", at("secrets", namespace), {}, secret(namespace))
    yield Exchange("POST", at("clusters", namespace), {}, cluster(namespace))


def forms_that_cannot_be_answered(namespace: str) -> Script:
    for accepted in ("text/html", "image/png", "application/json;as=Nothing;v=v1;g=meta.k8s.io"):
        yield get(at("secrets", namespace)).accepting(accepted)
        yield get(at("clusters", namespace)).accepting(accepted)
    yield post(at("secrets", namespace), secret(namespace)).accepting("text/html")


def forms_that_can(namespace: str) -> Script:
    for accepted in ("*/*", "application/*", "text/html, application/json;q=0.5", ""):
        yield get(at("clusters", namespace)).accepting(accepted)


def too_large(namespace: str) -> Script:
    body = cluster(namespace)
    body["metadata"]["annotations"] = {"a": "x" * 270_000}
    yield post(at("clusters", namespace), body)
    body["metadata"]["annotations"] = {"a": "x" * 4_000_000}
    yield post(at("clusters", namespace), body)


def delete_options_that_are_none(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    path = at("secrets", namespace, "credentials")
    yield delete(path, b"nonsense")
    yield delete(path, {"kind": "DeleteOptions"})
    yield post(at("secrets", namespace), secret(namespace))
    yield delete(path, {"kind": "Secret", "apiVersion": "v1"})
    yield get(path)


def types_that_do_not_fit(namespace: str) -> Script:
    wrong = ({"instances": "three"}, {"instances": 1.5}, {"instances": None}, {"storage": []})
    for number, spec in enumerate(wrong):
        yield post(at("clusters", namespace), cluster(namespace, f"n{number}", **spec))
    body = cluster(namespace)
    yield post(at("clusters", namespace), {**body, "spec": "text"})
    yield post(at("clusters", namespace), {k: v for k, v in body.items() if k != "spec"})
    yield post(at("clusters", namespace), {**body, "metadata": "text"})
    yield post(at("clusters", namespace), {**body, "metadata": {"name": 5}})
    yield post(at("clusters", namespace), {**body, "metadata": {"name": "pg", "labels": {"a": 1}}})


def types_that_do_not_fit_a_secret(namespace: str) -> Script:
    wrong = ({"data": []}, {"data": {"a": "not base64!"}}, {"data": {"a b": "YQ=="}})
    for number, fields in enumerate(wrong):
        yield post(at("secrets", namespace), {**secret(namespace, f"n{number}"), **fields})
    body = secret(namespace)
    yield post(at("secrets", namespace), {**body, "metadata": "text"})
    yield post(at("secrets", namespace), {**body, "metadata": {"name": 5}})


def values_out_of_bounds(namespace: str) -> Script:
    body = cluster(namespace)
    for spec in (
        {"instances": 0},
        {"primaryUpdateStrategy": "x"},
        {"instances": -1, "logLevel": "x"},
    ):
        yield post(at("clusters", namespace), {**body, "spec": {**body["spec"], **spec}})
    yield post(at("clusters", namespace), {**body, "spec": {}})


def numbers_that_are_too_large(namespace: str) -> Script:
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    for number, value in enumerate((2**31, 2**63, 10**30)):
        for field in ("instances", "stopDelay", "failoverDelay"):
            name = f"{field.lower()}{number}"
            yield post(at("clusters", namespace), cluster(namespace, name, **{field: value}))
    for number, value in enumerate((2**31, 2**63, 10**30)):
        body = pod(namespace, f"n{number}")
        body["spec"]["terminationGracePeriodSeconds"] = value
        yield post(at("pods", namespace), body)
