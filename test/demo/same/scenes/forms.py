"""Answers as Tables, and as metadata alone."""

from test.demo.same.exchange import (
    METADATA,
    METADATA_LIST,
    TABLE,
    Script,
    at,
    delete,
    get,
    merge,
    post,
)
from test.demo.same.objects import (
    cluster,
    database,
    database_role,
    labelled,
    secret,
)


def tables(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace, instances=3))
    yield post(at("databases", namespace), database(namespace, "orders"))
    yield post(at("databaseroles", namespace), database_role(namespace, "reporting"))
    for plural in ("clusters", "databases", "databaseroles"):
        for include in ("None", "Metadata", "Object", ""):
            yield get(at(plural, namespace), includeObject=include).accepting(TABLE)


def tables_of_a_status(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace, instances=3))
    status = {"instances": 3, "readyInstances": 2, "phase": "Setting up", "currentPrimary": "pg-1"}
    yield merge(at("clusters", namespace, "pg", "status"), {"status": status})
    yield get(at("clusters", namespace)).accepting(TABLE)


def tables_of_secrets(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    yield get(at("secrets", namespace)).accepting(TABLE)


def a_table_of_one(namespace: str) -> Script:
    yield post(at("clusters", namespace), cluster(namespace))
    yield get(at("clusters", namespace, "pg")).accepting(TABLE)
    yield get(at("clusters", namespace, "nothing")).accepting(TABLE)


def empty_tables(namespace: str) -> Script:
    yield get(at("clusters", namespace)).accepting(TABLE)
    yield get(at("clusters", namespace), includeObject="Nothing").accepting(TABLE)


def tables_or_json(namespace: str) -> Script:
    yield get(at("clusters", namespace)).accepting(f"{TABLE},application/json")
    yield get("/readyz").accepting(f"{TABLE},text/plain").repeated_until(200)


def tables_everywhere(namespace: str) -> Script:
    mine = labelled(cluster(namespace), scene=namespace)
    yield post(at("clusters", namespace), mine)
    yield get(at("clusters"), labelSelector=f"scene={namespace}").accepting(TABLE)


def metadata_of_one(namespace: str) -> Script:
    for plural, body in (("secrets", secret(namespace)), ("clusters", cluster(namespace))):
        name = body["metadata"]["name"]
        yield post(at(plural, namespace), labelled(body, app="pg")).accepting(METADATA)
        yield get(at(plural, namespace, name)).accepting(METADATA)
        yield merge(at(plural, namespace, name), {"metadata": {"labels": {"app": None}}}).accepting(
            METADATA
        )
        yield get(at(plural, namespace, "nothing")).accepting(METADATA)
        yield delete(at(plural, namespace, name)).accepting(METADATA)


def metadata_of_a_dry_run(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace), dryRun="All").accepting(METADATA)


def metadata_of_many(namespace: str) -> Script:
    for plural, body in (("secrets", secret(namespace)), ("clusters", cluster(namespace))):
        yield get(at(plural, namespace)).accepting(METADATA_LIST)
        yield post(at(plural, namespace), body)
        yield get(at(plural, namespace)).accepting(METADATA_LIST)


def one_asked_as_many(namespace: str) -> Script:
    yield post(at("secrets", namespace), secret(namespace))
    yield get(at("secrets", namespace)).accepting(METADATA)
    yield get(at("secrets", namespace, "credentials")).accepting(METADATA_LIST)
