"""What an API server says of itself and of its kinds."""

from typing import Any

from test.demo.same.exchange import CNPG, Exchange, Script, get

_ASKED_OF_CORE = {
    "namespaces",
    "secrets",
    "pods",
    "persistentvolumeclaims",
    "events",
    "services",
    "nodes",
    "resourcequotas",
}
_GROUPS = {
    "postgresql.cnpg.io",
    "batch",
    "apps",
    "discovery.k8s.io",
    "storage.k8s.io",
    "authorization.k8s.io",
    "rbac.authorization.k8s.io",
}


def _core_kinds(body: Any) -> object:
    """The kinds that the tools read, without subresources."""
    kept = [_without_hash(each) for each in body["resources"] if each["name"] in _ASKED_OF_CORE]
    return {**body, "resources": sorted(kept, key=lambda each: str(each["name"]))}


def _cnpg_kinds(body: Any) -> object:
    kept = [_without_hash(each) for each in body["resources"]]
    return {**body, "resources": sorted(kept, key=lambda each: str(each["name"]))}


def _without_hash(resource: dict[str, Any]) -> dict[str, Any]:
    """Without its hash, and without the verb that nobody uses; verbs have no order."""
    kept = {key: value for key, value in resource.items() if key != "storageVersionHash"}
    return {**kept, "verbs": sorted({*resource["verbs"]} - {"deletecollection"})}


def _groups(body: Any) -> object:
    kept = [each for each in body["groups"] if each["name"] in _GROUPS]
    kept = [{**each, "versions": [each["preferredVersion"]]} for each in kept]
    return {**body, "groups": sorted(kept, key=lambda each: str(each["name"]))}


def _keys(body: Any) -> object:
    return sorted({*body} & {"major", "minor", "gitVersion", "platform"})


def versions(namespace: str) -> Script:
    yield get("/api").looking_at(lambda body: {key: body[key] for key in ("kind", "versions")})
    yield get("/version").looking_at(_keys)


def probes(namespace: str) -> Script:
    """Repeated: a real API server is not well while its etcd does not answer for two seconds."""
    for path in ("/healthz", "/readyz", "/livez"):
        yield get(path).repeated_until(200)
        yield get(path).accepting("*/*").repeated_until(200)


def groups(namespace: str) -> Script:
    yield get("/apis").looking_at(_groups)
    yield get("/apis/postgresql.cnpg.io")


def kinds(namespace: str) -> Script:
    yield get("/api/v1").looking_at(_core_kinds)
    yield get(CNPG).looking_at(_cnpg_kinds)


def unknown_paths(namespace: str) -> Script:
    for path in (
        "/nothing",
        "/api/v2",
        "/api/v1/things",
        f"/api/v1/namespaces/{namespace}/things",
        f"/api/v1/namespaces/{namespace}/things/one",
        "/apis/things.example.org",
        "/apis/things.example.org/v1",
        "/apis/things.example.org/v1/things",
        "/apis/postgresql.cnpg.io/v2",
        f"{CNPG}/things",
        f"{CNPG}/namespaces/{namespace}/things",
        f"{CNPG}/namespaces/{namespace}/clusters/pg/nothing",
        f"/api/v1/namespaces/{namespace}/pods/pg-1/nothing",
    ):
        yield get(path)


def unknown_kinds_are_not_written(namespace: str) -> Script:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        yield Exchange(method, f"{CNPG}/namespaces/{namespace}/things", body=b"{}")


def wrong_scopes(namespace: str) -> Script:
    yield get("/api/v1/pods/pg-1")
    yield get(f"{CNPG}/clusters/pg")
    yield get(f"/api/v1/namespaces/{namespace}/nodes")
    yield get(f"{CNPG}/namespaces/{namespace}/clusterimagecatalogs")


def methods_that_are_not_allowed(namespace: str) -> Script:
    collection = f"{CNPG}/namespaces/{namespace}/clusters"
    yield Exchange("PUT", collection, body=b"{}", headers=(("Content-Type", "application/json"),))
    yield Exchange("PATCH", collection, body=b"{}")
    yield Exchange("POST", f"{collection}/pg", body=b"{}")
    yield Exchange("OPTIONS", collection)
    yield Exchange("POST", f"{CNPG}/clusters", body=b"{}")
    yield Exchange("PUT", f"/api/v1/namespaces/{namespace}/pods", body=b"{}")
    yield Exchange("POST", f"/api/v1/namespaces/{namespace}/pods/pg-1", body=b"{}")
    yield Exchange("POST", "/api/v1", body=b"{}")
    yield Exchange("POST", "/version", body=b"{}")
