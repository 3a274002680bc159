"""Subresources that the node uses, and the proxy to pods."""

from test.demo.same.exchange import Script, at, delete, get, merge, post, put
from test.demo.same.objects import pod, thing


def _planted(namespace: str) -> Script:
    yield post(at("serviceaccounts", namespace), thing("ServiceAccount", namespace, "default"))
    yield post(at("pods", namespace), pod(namespace))


def bindings(namespace: str) -> Script:
    yield from _planted(namespace)
    target = {"apiVersion": "v1", "kind": "Node", "name": "node-1"}
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "pg-1"}, "target": target}
    path = at("pods", namespace, "pg-1", "binding")
    yield post(path, body)
    yield get(at("pods", namespace), fieldSelector="spec.nodeName=node-1")
    yield post(path, body)
    yield post(at("pods", namespace, "nothing", "binding"), body)
    yield get(path)


def status_of_pods(namespace: str) -> Script:
    yield from _planted(namespace)
    status = {"phase": "Running", "podIP": "127.1.0.1", "podIPs": [{"ip": "127.1.0.1"}]}
    path = at("pods", namespace, "pg-1", "status")
    running = merge(path, {"status": status, "metadata": {"labels": {"a": "1"}}})
    yield running
    yield get(at("pods", namespace, "pg-1")).looking_at(lambda body: body["status"]["phase"])
    yield get(at("pods", namespace), fieldSelector="status.phase=Running")
    yield merge(at("pods", namespace, "pg-1"), {"status": {"phase": "Failed"}})
    yield get(at("pods", namespace, "pg-1")).looking_at(lambda body: body["status"]["phase"])


def finalizing_of_namespaces(namespace: str) -> Script:
    other = f"{namespace}-other"
    path = at("namespaces", None, other)
    yield post(at("namespaces"), thing("Namespace", None, other))
    yield delete(path)
    body = thing("Namespace", None, other, spec={"finalizers": []})
    yield put(at("namespaces", None, other, "finalize"), body)
    yield get(path)
    yield put(at("namespaces", None, other, "finalize"), body)


def proxies(namespace: str) -> Script:
    for name in ("nothing", "nothing:8000", "https:nothing:8000"):
        yield get(f"{at('pods', namespace, name)}/proxy/pg/status")
