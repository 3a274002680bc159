"""Roles and databases: what the server says agrees with what PostgreSQL has."""

from test.e2e.births import target
from test.e2e.declarations import (
    ABSENT_GROUP,
    BAD_EXTENSION,
    DATABASE,
    GOOD_EXTENSION,
    ILL_FATED,
    INLINE,
    INLINE_OWNS_A_SCHEMA,
    OWNS_A_SCHEMA,
    Declared,
    secret_of,
)
from test.e2e.desk import Answer

EXISTING_ROLES = "select rolname from pg_roles"
EXISTING_DATABASES = "select datname from pg_database"


def _roles(declared: Declared, columns: str) -> dict[str, tuple[str, ...]]:
    """Columns of pg_roles, by role."""
    rows = declared.psql.rows(f"select rolname, {columns} from pg_roles")  # noqa: S608 - constants
    return {name: tuple(values) for name, *values in rows}


def test_role_with_a_secret_is_in_progress_until_it_is_applied(declared: Declared) -> None:
    assert {row["state"] for row in declared.first_tries} == {"in_progress"}


def test_refused_first_try_of_a_role_with_a_secret_is_told(declared: Declared) -> None:
    first, *_ = declared.first_tries
    assert secret_of(declared.password_role) in first["message"]


def test_applied_role_logs_in_with_the_password_of_its_secret(
    declared: Declared, waited: Answer
) -> None:
    role, psql = declared.password_role, declared.psql
    facts = {**waited.data["connection"], "user": role}
    password = psql.admin.secret(psql.namespace, secret_of(role))["password"]
    assert declared.roles[role]["state"] == "applied"
    assert psql.login(target(facts), password, "select current_user") == role


def test_role_attributes_are_those_of_postgres(declared: Declared) -> None:
    row = declared.roles[declared.password_role]
    (member,) = row["in_roles"]
    memberships = "array(select roleid::regrole from pg_auth_members where member = oid)"
    in_postgres = _roles(declared, f"rolcanlogin, rolconnlimit, {memberships}")
    limit = str(row["connection_limit"])
    assert in_postgres[declared.password_role] == ("t", limit, f"{{{member}}}")
    assert row["attributes"] == ["login"]


def test_every_role_said_to_be_there_is_in_postgres(declared: Declared) -> None:
    there = {"applied", "dropping", "unwatched"}
    said = {name for name, row in declared.roles.items() if row["state"] in there}
    assert said <= declared.psql.names(EXISTING_ROLES)


def test_every_role_in_postgres_is_listed(declared: Declared) -> None:
    made = declared.psql.names(f"{EXISTING_ROLES} where rolname !~ '^pg_'")
    assert made <= set(declared.roles)


def test_failed_role_is_absent_and_has_the_words_of_postgres(declared: Declared) -> None:
    row = declared.roles[ILL_FATED]
    assert row["state"] == "failed"
    assert f'role "{ABSENT_GROUP}" does not exist' in row["message"]
    assert ILL_FATED not in declared.psql.names(EXISTING_ROLES)


def test_inline_role_is_applied_with_its_attributes(declared: Declared) -> None:
    row = declared.roles[INLINE]
    assert (row["source"], row["state"]) == ("inline", "applied")
    assert _roles(declared, "rolcanlogin, rolcreatedb")[INLINE] == ("t", "t")
    assert row["attributes"] == ["login", "createdb"]


def test_refused_drop_of_a_role_object_is_dropping_with_a_message(declared: Declared) -> None:
    row = declared.roles[OWNS_A_SCHEMA]
    assert (row["source"], row["state"]) == ("DatabaseRole", "dropping")
    assert "cannot be dropped" in row["message"]


def test_refused_drop_of_an_inline_role_is_dropping_with_a_message(declared: Declared) -> None:
    row = declared.roles[INLINE_OWNS_A_SCHEMA]
    assert (row["source"], row["state"]) == ("inline", "dropping")
    assert "1 object in database app" in row["message"]


def test_databases_are_those_of_postgres(declared: Declared) -> None:
    assert set(declared.databases) == declared.psql.names(
        f"{EXISTING_DATABASES} where not datistemplate and datname <> 'postgres'"
    )


def test_database_owners_are_those_of_postgres(declared: Declared) -> None:
    owners = "select datname, datdba::regrole from pg_database"
    said = {(name, row["owner"]) for name, row in declared.databases.items()}
    assert said <= set(declared.psql.rows(owners))


def test_extensions_are_told_one_by_one(declared: Declared) -> None:
    row = declared.databases[DATABASE]
    states = {each["name"]: each["state"] for each in row["extensions"]}
    assert row["state"] == "failed"
    assert states == {GOOD_EXTENSION: "applied", BAD_EXTENSION: "failed"}
    assert GOOD_EXTENSION in declared.psql.names("select extname from pg_extension", DATABASE)


def test_failed_extension_has_the_words_of_postgres(declared: Declared) -> None:
    rows = {each["name"]: each for each in declared.databases[DATABASE]["extensions"]}
    assert f'extension "{BAD_EXTENSION}" is not available' in rows[BAD_EXTENSION]["message"]
