"""What PostgreSQL and the cluster have to show at the moment when a tool says `applied`.

Nothing here waits: what is called applied is true at once, or the test fails.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from test.e2e.desk import Answer, Data
from test.e2e.psql import Psql, literal

DATABASES = "select datname from pg_database where not datistemplate and datname <> 'postgres'"
ROLES = "select rolname from pg_roles"
FOREVER = "infinity"

_ROLE = """
select json_build_object(
    'login', rolcanlogin, 'superuser', rolsuper, 'inherit', rolinherit, 'createdb', rolcreatedb,
    'createrole', rolcreaterole, 'replication', rolreplication, 'bypassrls', rolbypassrls,
    'connection_limit', rolconnlimit,
    'valid_until', case when isfinite(rolvaliduntil)
        then to_char(rolvaliduntil at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        else 'infinity' end,
    'comment', coalesce(shobj_description(oid, 'pg_authid'), ''),
    'in_roles', array(select pg_get_userbyid(roleid) from pg_auth_members where member = r.oid)
) from pg_roles r where rolname = """
_DATABASE = """
select json_build_object(
    'owner', pg_get_userbyid(datdba), 'encoding', pg_encoding_to_char(encoding),
    'locale', datcollate, 'ctype', datctype
) from pg_database where datname = """
_EXTENSIONS = "select extname from pg_extension"
_SCHEMAS = "select nspname, pg_get_userbyid(nspowner) from pg_namespace"
_STREAMING = "select count(*) from pg_stat_replication where state = 'streaming'"

_NEW_ROLE = {
    "login": True,
    "superuser": False,
    "inherit": True,
    "createdb": False,
    "createrole": False,
    "replication": False,
    "bypassrls": False,
    "connection_limit": -1,
    "valid_until": FOREVER,
    "comment": "",
}


def role(psql: Psql, name: str) -> Data | None:
    """A role as PostgreSQL has it, under the names of the tools' arguments."""
    found: Data | None = psql.value(_ROLE + literal(name))
    return found


def database(psql: Psql, name: str) -> Data | None:
    """A database as PostgreSQL has it."""
    found: Data | None = psql.value(_DATABASE + literal(name))
    return found


def prove(psql: Psql, tool: str, arguments: Data, answer: Answer) -> None:
    """Fails unless what the tool has called applied is so now."""
    _PROOFS[tool](psql, arguments, answer)


def _role_is_made(psql: Psql, arguments: Data, answer: Answer) -> None:
    _has(psql, arguments["role_name"], {**_NEW_ROLE, **_attributes(arguments)})
    found = role(psql, arguments["role_name"]) or {}
    assert set(found["in_roles"]) == set(arguments.get("in_roles") or ())
    if arguments.get("login", True):
        _opens(psql, arguments["role_name"], answer)


def _role_is_changed(psql: Psql, arguments: Data, answer: Answer) -> None:
    name = arguments["role_name"]
    _has(psql, name, _attributes(arguments))
    given = arguments.get("in_roles") or {}
    wanted = given if isinstance(given, dict) else dict.fromkeys(given, True)
    members = set((role(psql, name) or {})["in_roles"]) if wanted else set()
    assert {group: group in members for group in wanted} == wanted
    if "password" in (answer.data.get("changed") or {}):
        _opens(psql, name, answer)


def _has(psql: Psql, name: str, wanted: Mapping[str, Any]) -> None:
    found = role(psql, name)
    assert found is not None, f"applied, and not in PostgreSQL: {name}"
    assert {key: found[key] for key in wanted} == wanted


def _attributes(arguments: Data) -> Data:
    given = {key: value for key, value in arguments.items() if key in _NEW_ROLE}
    if (until := given.get("valid_until", FOREVER)) != FOREVER:
        moment = datetime.fromisoformat(until).astimezone(UTC)
        given["valid_until"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return given


def _opens(psql: Psql, name: str, answer: Answer) -> None:
    secret = psql.admin.secret(psql.namespace, answer.data["secret"]["name"])
    assert secret["username"] == name
    assert psql.why_no_login(name, secret["password"]) == ""


def _role_is_gone(psql: Psql, arguments: Data, answer: Answer) -> None:
    assert role(psql, arguments["role_name"]) is None


def _database_is_made(psql: Psql, arguments: Data, answer: Answer) -> None:
    name, owner = arguments["database_name"], arguments["owner"]
    wanted = {key: arguments[key] for key in ("owner", "encoding", "locale") if key in arguments}
    found = database(psql, name)
    assert found is not None, f"applied, and not in PostgreSQL: {name}"
    assert {key: found[key] for key in wanted} == wanted
    if extensions := arguments.get("extensions"):
        assert set(extensions) <= psql.names(_EXTENSIONS, name)
    if schemas := arguments.get("schemas"):
        assert {(schema, owner) for schema in schemas} <= set(psql.rows(_SCHEMAS, name))


def _database_is_gone(psql: Psql, arguments: Data, answer: Answer) -> None:
    kept = arguments.get("reclaim_policy") == "retain"
    assert (database(psql, arguments["database_name"]) is not None) is kept
    declared = {item["spec"]["name"] for item in psql.admin.objects("databases", psql.namespace)}
    assert arguments["database_name"] not in declared


def _cluster_is_scaled(psql: Psql, arguments: Data, answer: Answer) -> None:
    wanted = arguments["instances"]
    assert psql.rows(_STREAMING) == [(str(wanted - 1),)]
    assert len(parts(psql, "pods")) == len(parts(psql, "persistentvolumeclaims")) == wanted


def _cluster_is_gone(psql: Psql, arguments: Data, answer: Answer) -> None:
    for plural in ("clusters", "pods", "persistentvolumeclaims"):
        assert parts(psql, plural) == set()


def parts(psql: Psql, plural: str) -> set[str]:
    """The names of the objects of a kind that belong to the cluster, by their names."""
    names = {item["metadata"]["name"] for item in psql.admin.objects(plural, psql.namespace)}
    return {name for name in names if name == psql.cluster or name.startswith(f"{psql.cluster}-")}


_PROOFS: Mapping[str, Callable[[Psql, Data, Answer], None]] = {
    "create_postgres_role": _role_is_made,
    "update_postgres_role": _role_is_changed,
    "delete_postgres_role": _role_is_gone,
    "create_postgres_database": _database_is_made,
    "delete_postgres_database": _database_is_gone,
    "scale_postgres_cluster": _cluster_is_scaled,
    "delete_postgres_cluster": _cluster_is_gone,
}
