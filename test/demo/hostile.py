"""What somebody may send who means no good, or does not know what they do."""

import json

from hypothesis import strategies as st

from test.demo.asgi import Asked
from test.demo.same.emulator import ADMIN_TOKEN, NOBODY_TOKEN

PLAYGROUND, GARDEN = "playground", "garden"
"""Namespaces: the one that requests are sent to, and the one that nothing may happen in."""

_SEGMENTS = (
    *("api", "apis", "v1", "postgresql.cnpg.io", "namespaces", PLAYGROUND, "clusters", "secrets"),
    *("pods", "pg", "status", "scale", "proxy", "log", "databases", "authorization.k8s.io"),
    *("", ".", "..", "%2e%2e", "%2f", "%00", "%ff", "%", "%zz", "%25", "a%20b", "*", "x" * 300),
    *("selfsubjectaccessreviews", "events", "nodes", "watch", "version", "readyz"),
)
_COLLECTIONS = (
    "/apis/postgresql.cnpg.io/v1/namespaces/playground/clusters",
    "/api/v1/namespaces/playground/secrets",
    "/api/v1/namespaces/playground/pods",
    "/api/v1/namespaces/playground/persistentvolumeclaims",
    "/api/v1/namespaces/playground/events",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/playground/roles",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/playground/rolebindings",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
    "/apis/authorization.k8s.io/v1/subjectaccessreviews",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "/api/v1/namespaces/playground/pods/pg-1/binding",
)
_OBJECTS = (
    "/apis/postgresql.cnpg.io/v1/namespaces/playground/clusters/pg",
    "/apis/postgresql.cnpg.io/v1/namespaces/playground/clusters/pg/status",
    "/apis/postgresql.cnpg.io/v1/namespaces/playground/databases/orders",
    "/api/v1/namespaces/playground/secrets/credentials",
    "/api/v1/namespaces/playground/pods/pg-1",
    "/api/v1/namespaces/elsewhere",
)
_PATHS = (
    *_COLLECTIONS,
    *_OBJECTS,
    "/apis/postgresql.cnpg.io/v1/clusters",
    "/api/v1/namespaces/playground/pods/pg-1/proxy/pg/status",
    "/api/v1/namespaces/elsewhere/finalize",
)
_PARAMETERS = (
    *("limit", "continue", "labelSelector", "fieldSelector", "resourceVersion", "watch"),
    *("resourceVersionMatch", "dryRun", "fieldValidation", "fieldManager", "force", "pretty"),
    *("timeoutSeconds", "includeObject", "propagationPolicy", "gracePeriodSeconds"),
    *("orphanDependents", "allowWatchBookmarks", "sendInitialEvents"),
)
_VALUES = (
    *("", "0", "-1", "1", "true", "All", "Strict", "NaN", "None"),
    *("99999999999999999999999", "1000000000", "1e9"),
    *("app=", "a in (", "a in (b,(c))", "!!a", "=,=,=", "," * 200, "(" * 500, "a=b,a!=b,!a"),
    *("metadata.name=pg", "metadata.name=garden", "a\\=b=c", "\x00", "\ud7ff", "x" * 5000),
    *("e30=", "eyJ2IjoiMSJ9", "AAAA", "....", "Zm9v", "eyJydiI6LTEsInN0YXJ0IjoiLi4vLi4vIn0="),
    *("Foreground", "Orphan", "Metadata", "Object", "Exact", "NotOlderThan"),
)
_TYPES = (
    *("application/json", "application/merge-patch+json", "application/json-patch+json"),
    *("application/strategic-merge-patch+json", "application/apply-patch+yaml", "text/html"),
    *("application/json; charset=utf-16", "application/yaml", "application/cbor", "", ";", "/"),
    *("application/json;as=Table;g=meta.k8s.io;v=v1", "application/json;as=Nothing", "*/*;q=x"),
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
)
_KEYS = (
    *("apiVersion", "kind", "metadata", "name", "namespace", "uid", "resourceVersion", "spec"),
    *("status", "labels", "annotations", "finalizers", "ownerReferences", "generateName", "items"),
    *("instances", "storage", "size", "preconditions", "dryRun", "propagationPolicy", "managed"),
    *("generation", "creationTimestamp", "deletionTimestamp", "managedFields", "phase", "target"),
    *("resourceAttributes", "verb", "group", "resource", "rules", "verbs", "subjects", "roleRef"),
)
_FIELDS = (
    *("spec", "status", "data", "stringData", "type", "rules", "subjects", "roleRef", "target"),
    *("involvedObject", "lastTimestamp", "count", "preconditions", "dryRun", "gracePeriodSeconds"),
)
"""What stands at the top of objects and of options."""
_WORDS = (
    *("v1", "postgresql.cnpg.io/v1", "Cluster", "Secret", "pg", "1Gi", PLAYGROUND, GARDEN, "All"),
    *("Binding", "DeleteOptions", "SelfSubjectAccessReview", "2001-01-01T00:00:00Z", "\x00", "1"),
)
_POINTERS = (
    *("", "/", "/metadata", "/metadata/name", "/metadata/namespace", "/metadata/labels/a", "/spec"),
    *("/spec/instances", "/spec/-", "/metadata/finalizers/-", "/metadata/finalizers/99999999999"),
    *("spec", "/~", "/~2", "/~0~1", "/a/b/c/d", "//", "/metadata/uid", "/kind", "/status"),
)


def _json() -> st.SearchStrategy[object]:
    numbers = st.integers() | st.floats() | st.sampled_from([10**30, -(10**30), 2**63])
    leaves = st.none() | st.booleans() | numbers | st.sampled_from(_WORDS) | st.text(max_size=8)
    keys = st.sampled_from(_KEYS) | st.text(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6),
        max_leaves=20,
    )


def _objects() -> st.SearchStrategy[object]:
    """What looks like an object that could be created or patched."""
    metadata = st.dictionaries(st.sampled_from(_KEYS), _json(), max_size=4)
    proper = st.sampled_from([{"name": "pg"}, {"name": "new"}, {"generateName": "new-"}])
    fields = {
        **dict.fromkeys(_FIELDS, _json()),
        "metadata": proper | proper | metadata | _json(),
    }
    kinds = ("Pod", "Secret", "PersistentVolumeClaim", "Event", "Binding", "Namespace")
    heads = st.sampled_from(
        [
            {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster"},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role"},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding"},
            *({"apiVersion": "v1", "kind": kind} for kind in kinds),
            {},
        ]
    )
    rest = st.fixed_dictionaries({}, optional=fields)
    return st.builds(lambda head, body: {**head, **body}, heads, rest)


_EDGES = (0, -1, 30, 1.5, 2**31, 2**62, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**30, 10**400)
NUMBERS = st.sampled_from(_EDGES) | st.integers()
"""Whole numbers, above all where some type ends."""


def _delete_options() -> st.SearchStrategy[object]:
    inner = st.fixed_dictionaries({}, optional={"uid": _json(), "resourceVersion": _json()})
    fields = {
        "gracePeriodSeconds": NUMBERS | _json(),
        "preconditions": inner | _json(),
        "propagationPolicy": st.sampled_from(("Foreground", "Orphan")) | _json(),
        "orphanDependents": st.booleans() | _json(),
        "dryRun": st.lists(_json(), max_size=2) | _json(),
    }
    return st.fixed_dictionaries({}, optional=fields)


def _operations() -> st.SearchStrategy[object]:
    names = ("add", "remove", "replace", "move", "copy", "test", "nothing")
    members = {
        "op": st.sampled_from(names) | _json(),
        "path": st.sampled_from(_POINTERS) | _json(),
        "from": st.sampled_from(_POINTERS) | _json(),
        "value": _json(),
    }
    return st.lists(st.fixed_dictionaries({}, optional=members) | _json(), max_size=6)


def _bodies() -> st.SearchStrategy[bytes]:
    content = _json() | _objects() | _operations()
    return st.binary(max_size=60) | content.map(lambda value: json.dumps(value).encode())


def _paths() -> st.SearchStrategy[bytes]:
    parts = st.lists(st.sampled_from(_SEGMENTS), max_size=9)
    built = parts.map(lambda found: f"/{'/'.join(found)}")
    return (st.sampled_from(_PATHS) | st.sampled_from(_PATHS) | built).map(str.encode)


def _queries() -> st.SearchStrategy[bytes]:
    names = st.sampled_from(_PARAMETERS).map(str.encode)
    values = st.sampled_from(_VALUES).map(str.encode) | st.binary(max_size=12)
    pairs = st.lists(st.tuples(names, values), max_size=2)
    return pairs.map(lambda found: b"&".join(_escaped(a) + b"=" + _escaped(b) for a, b in found))


def _escaped(text: bytes) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in text)


def _headers(token: str) -> st.SearchStrategy[tuple[tuple[bytes, bytes], ...]]:
    types = st.sampled_from(_TYPES).map(str.encode) | st.binary(max_size=12)
    who = (b"authorization", f"Bearer {token}".encode())
    return st.tuples(st.just(who), st.tuples(st.just(b"content-type"), types), _accept(types))


def _accept(types: st.SearchStrategy[bytes]) -> st.SearchStrategy[tuple[bytes, bytes]]:
    names = st.sampled_from((b"accept", b"accept", b"accept-encoding", b"user-agent"))
    return st.tuples(names, types)


_METHODS = st.sampled_from(
    (
        "GET",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "HEAD",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "get",
        "P\u00dcT",
    )
)


def _any_request(token: str) -> st.SearchStrategy[Asked]:
    """A request whose parts have nothing to do with each other."""
    return st.builds(
        Asked,
        method=_METHODS,
        path=_paths(),
        query=_queries() | st.binary(max_size=20),
        headers=_headers(token),
        parts=st.lists(_bodies(), max_size=1).map(tuple),
        is_whole=st.sampled_from((True, True, True, True, False)),
    )


_NEAR = {
    "POST": _COLLECTIONS,
    "PUT": _OBJECTS,
    "PATCH": _OBJECTS,
    "DELETE": _OBJECTS,
    "GET": _PATHS,
}


def _near(
    token: str, method: str, content_type: str, content: st.SearchStrategy[object]
) -> st.SearchStrategy[Asked]:
    """A request that is nearly a proper one."""
    headers = (
        (b"authorization", f"Bearer {token}".encode()),
        (b"content-type", content_type.encode()),
    )
    return st.builds(
        Asked,
        method=st.just(method),
        path=st.sampled_from(_NEAR[method]).map(str.encode),
        query=_queries(),
        headers=st.just(headers),
        parts=content.map(lambda value: (json.dumps(value).encode(),)),
    )


def requests(token: str = ADMIN_TOKEN) -> st.SearchStrategy[Asked]:
    """Any request of a user."""
    return st.one_of(
        _any_request(token),
        _near(token, "POST", "application/json", _objects()),
        _near(token, "PUT", "application/json", _objects()),
        _near(token, "PATCH", "application/merge-patch+json", _objects()),
        _near(token, "PATCH", "application/json-patch+json", _operations()),
        _near(token, "PATCH", "application/apply-patch+yaml", _objects()),
        _near(token, "DELETE", "application/json", _objects()),
        _near(token, "DELETE", "application/json", _delete_options()),
        _near(token, "GET", "application/json", st.none()),
    )


def requests_of_nobody() -> st.SearchStrategy[Asked]:
    """Any request of a user without rights."""
    return requests(NOBODY_TOKEN)


_DEEP = 100_000
BODIES = {
    "deep lists": b"[" * _DEEP + b"]" * _DEEP,
    "deep objects": b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    "deep lists without an end": b"[" * _DEEP,
    "a deep spec": b'{"spec":' + b'{"a":' * 2000 + b"1" + b"}" * 2001,
    "not a number": b'{"spec":{"instances":NaN}}',
    "infinity": b'{"spec":{"instances":Infinity}}',
    "a huge exponent": b'{"spec":{"instances":1e99999}}',
    "a huge integer": b'{"spec":{"instances":' + b"9" * 10_000 + b"}}",
    "doubled keys": b'{"spec":{"instances":1,"instances":2},"spec":{"instances":3}}',
    "invalid UTF-8": b'{"metadata":{"labels":{"a":"\xff\xfe"}}}',
    "UTF-16": '{"spec":{}}'.encode("utf-16"),
    "a lone surrogate": b'{"metadata":{"labels":{"a":"\\ud800"}}}',
    "a null byte": b'{"metadata":{"labels":{"a":"\\u0000"}}}',
    "a byte order mark": b'\xef\xbb\xbf{"spec":{}}',
    "three megabytes and more": b'{"a":"' + b"x" * 3_200_000 + b'"}',
    "blanks alone": b" " * 100_000,
    "many keys": json.dumps({str(number): number for number in range(20_000)}).encode(),
    "many operations": json.dumps([{"op": "test", "path": "", "value": 1}] * 20_000).encode(),
    "an operation that doubles": json.dumps(
        [{"op": "copy", "from": "/metadata", "path": "/metadata/labels"}] * 40
    ).encode(),
    "an operation into itself": b'[{"op":"move","from":"/spec","path":"/spec/inner"}]',
    "a long pointer": json.dumps([{"op": "add", "path": "/a" * 50_000, "value": 1}]).encode(),
    "an operation on all": b'[{"op":"replace","path":"","value":[]}]',
    "an index far away": b'[{"op":"add","path":"/metadata/finalizers/999999999999","value":"x"}]',
}
"""Bodies of special malice, by what they are."""

NONSENSE: tuple[object, ...] = (5, "text", True, None, [], [5], [[]], {"a": 5}, [{"a": 5}])
"""Values that hardly any field may have."""

FIELDS = (
    ("pods", "spec"),
    ("pods", "status"),
    ("secrets", "data"),
    ("secrets", "type"),
    ("persistentvolumeclaims", "spec"),
    ("persistentvolumeclaims", "status"),
    ("events", "involvedObject"),
    ("events", "lastTimestamp"),
    ("roles", "rules"),
    ("rolebindings", "subjects"),
    ("rolebindings", "roleRef"),
    ("clusterrolebindings", "subjects"),
    ("clusterrolebindings", "roleRef"),
    ("namespaces", "spec"),
    ("namespaces", "status"),
    ("jobs", "spec"),
    ("jobs", "status"),
    ("nodes", "status"),
    *(("secrets", f"metadata.{name}") for name in ("labels", "annotations", "finalizers")),
    *(("clusters", f"metadata.{name}") for name in ("labels", "annotations", "finalizers")),
    *(("secrets", f"metadata.{name}") for name in ("ownerReferences", "creationTimestamp")),
    *(("clusters", f"metadata.{name}") for name in ("ownerReferences", "generation", "uid")),
    *(("clusters", f"metadata.{name}") for name in ("managedFields", "resourceVersion")),
)
"""Where nonsense may stand: a kind's plural and a field."""

_POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
RAW = {
    "nothing": b"",
    "no HTTP": b"\x00\x01\x02 nonsense\r\n\r\n",
    "half a request line": b"GET /api",
    "half of the headers": b"GET /api HTTP/1.1\r\nHost: x\r\nAuthor",
    "half of a body": _POST + b"Content-Length: 100\r\n\r\n{",
    "a length that is none": _POST + b"Content-Length: many\r\n\r\n{}",
    "a negative length": _POST + b"Content-Length: -5\r\n\r\n{}",
    "two lengths": _POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "chunks that are none": _CHUNKED + b"zz\r\n",
    "half of a chunk": _CHUNKED + b"ff\r\n{",
    "an endless header": b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 200_000,
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("16030100"),
    "a web socket": (
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ),
}
"""What comes over a connection before it is cut, by what it is."""
