"""The connection facts, used as told."""

import pytest

from test.e2e.births import Birth, target
from test.e2e.desk import Data
from test.e2e.psql import Psql
from test.e2e.room import Room

MOUNTED_AUTHORITY = "/controller/certificates/server-ca.crt"
"""Where CloudNativePG keeps the certificate authority in an instance's pod."""


@pytest.fixture
def psql(room: Room, birth: Birth) -> Psql:
    return room.psql(birth.status["name"])


@pytest.fixture
def connection(birth: Birth) -> Data:
    facts: Data = birth.status["connection"]
    return facts


@pytest.fixture
def values(psql: Psql, connection: Data) -> dict[str, str]:
    return psql.admin.secret(psql.namespace, connection["secret"]["name"])


def test_secret_has_exactly_the_keys_told(connection: Data, values: dict[str, str]) -> None:
    assert set(connection["secret"]["keys"]) == set(values)


def test_login_with_the_named_secret_reaches_the_database(
    psql: Psql, connection: Data, values: dict[str, str]
) -> None:
    answer = psql.login(
        target(connection), values["password"], "select current_user, current_database()"
    )
    assert answer.split("\x1f") == [connection["user"], connection["database"]]


def test_uri_of_the_secret_logs_in(psql: Psql, values: dict[str, str]) -> None:
    assert psql.login(values["uri"], "", "select current_user") == values["username"]


def test_wrong_password_does_not_log_in(psql: Psql, connection: Data) -> None:
    assert not psql.answers_writes(target(connection), "wrong")


def test_host_told_is_in_the_certificate_of_the_authority_told(
    psql: Psql, connection: Data, values: dict[str, str]
) -> None:
    name = f"{psql.cluster}-ca"
    assert f"Secret {name}" in connection["tls"]
    mounted = psql.admin.execute(psql.namespace, f"{psql.cluster}-1", ["cat", MOUNTED_AUTHORITY])
    assert mounted == psql.admin.secret(psql.namespace, name)["ca.crt"]
    verified = f"{target(connection)} sslmode=verify-full sslrootcert={MOUNTED_AUTHORITY}"
    assert psql.answers_writes(verified, values["password"])


def test_read_only_service_is_told_only_where_it_leads_somewhere(
    psql: Psql, connection: Data
) -> None:
    slices = psql.admin.endpoints(psql.namespace, f"{psql.cluster}-ro")
    assert ("read_only" in connection["services"]) == bool(slices)
