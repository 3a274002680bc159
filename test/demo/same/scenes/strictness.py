"""Unknown and doubled fields, under each way of validating them."""

from test.demo.same.exchange import JSON_PATCH, Exchange, Script, at, get, merge, post, put
from test.demo.same.objects import cluster, database, secret

_WAYS = ("Strict", "Warn", "Ignore")
_DOUBLED = (
    b'{"apiVersion":"postgresql.cnpg.io/v1","kind":"Cluster","metadata":{"name":"%s"},'
    b'"spec":{"instances":1,"instances":2,"storage":{"size":"1Gi"}}}'
)
_DOUBLED_SECRET = (
    b'{"apiVersion":"v1","kind":"Secret","metadata":{"name":"%s"},"type":"Opaque","type":"Opaque"}'
)


def unknown_fields(namespace: str) -> Script:
    for way in _WAYS:
        body = cluster(namespace, way.lower(), instnces=3)
        yield post(at("clusters", namespace), body, fieldValidation=way)
    yield post(at("clusters", namespace), cluster(namespace, "unsaid", instnces=3))
    yield get(at("clusters", namespace))


def several_unknown_fields(namespace: str) -> Script:
    body = cluster(namespace, instnces=3, storage={"size": "1Gi", "sze": 1}, zz={"deep": {"er": 1}})
    body["metadata"]["unknown"] = 1
    body["beside"] = True
    body["spec"]["managed"] = {"roles": [{"name": "a", "nme": "b"}]}
    yield post(at("clusters", namespace), body, fieldValidation="Strict")
    yield post(at("clusters", namespace), body)


def doubled_fields(namespace: str) -> Script:
    for way in _WAYS:
        name = way.lower().encode()
        yield post(at("clusters", namespace), _DOUBLED % name, fieldValidation=way)
        yield post(at("secrets", namespace), _DOUBLED_SECRET % name, fieldValidation=way)


def unknown_fields_of_a_secret(namespace: str) -> Script:
    for way in _WAYS:
        body = {**secret(namespace, way.lower()), "unknown": 1, "dta": {}}
        yield post(at("secrets", namespace), body, fieldValidation=way)


def unknown_fields_in_a_patch(namespace: str) -> Script:
    yield post(at("databases", namespace), database(namespace, "orders"))
    path = at("databases", namespace, "orders")
    for way in _WAYS:
        patch = {"spec": {"owner": way.lower(), "ownr": "x"}}
        yield merge(path, patch, fieldValidation=way)
    operations = [{"op": "add", "path": "/spec/ownr", "value": "x"}]
    for way in _WAYS:
        yield Exchange(
            "PATCH", path, {"fieldValidation": way}, operations, (("Content-Type", JSON_PATCH),)
        )
    yield get(path)


def unknown_fields_in_an_update(namespace: str) -> Script:
    created = yield post(at("databases", namespace), database(namespace, "orders"))
    body = {**created.body, "spec": {**created.body["spec"], "ownr": "x"}}
    for way in _WAYS:
        yield put(at("databases", namespace, "orders"), body, fieldValidation=way)


def unknown_fields_beside_invalid_ones(namespace: str) -> Script:
    body = cluster(namespace, instances=0, instnces=3)
    yield post(at("clusters", namespace), body, fieldValidation="Strict")
    yield post(at("clusters", namespace), body)


def an_unknown_way(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace), fieldValidation="Loose")
    yield post(at("secrets", namespace), secret(namespace), fieldValidation="Loose")
    yield get(at("clusters", namespace))


def names_that_no_header_takes(namespace: str) -> Script:
    for number, name in enumerate(
        ("\u00fc", "\u65e5\u672c", "\U0001f600", "a\r\nb: c", 'a"b\\c', "\x07")
    ):
        body = cluster(namespace, f"n{number}", **{name: 1})
        yield post(at("clusters", namespace), body)
