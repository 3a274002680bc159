"""The model of PostgreSQL: what each major version brings."""

import pytest

from cnpg_mcp.demo.node.postgres import (
    PgError,
    Postgres,
    available_extensions,
    predefined_roles,
)


@pytest.mark.parametrize(
    ("name", "since"),
    [
        ("pg_database_owner", 14),
        ("pg_checkpoint", 15),
        ("pg_use_reserved_connections", 16),
        ("pg_create_subscription", 16),
        ("pg_maintain", 17),
        ("pg_signal_autovacuum_worker", 18),
    ],
)
def test_predefined_role_comes_with_its_version(name: str, since: int) -> None:
    assert name in predefined_roles(since)
    assert name not in predefined_roles(since - 1)


def test_extensions_come_and_go() -> None:
    assert {"moddatetime", "dict_int", "autoinc", "pg_surgery"} <= available_extensions(18)
    assert "pg_logicalinspect" in available_extensions(18) - available_extensions(17)
    assert "adminpack" in available_extensions(16) - available_extensions(17)


def test_upgrade_brings_the_roles_of_the_newer_version() -> None:
    postgres = Postgres.bootstrapped({}, 16)
    member = {"inRoles": ["pg_maintain"]}
    with pytest.raises(PgError, match="does not exist"):
        postgres.apply_role("keeper", member, "")
    postgres.upgrade(17)
    postgres.apply_role("keeper", member, "")
    assert postgres.roles["keeper"].member_of == ["pg_maintain"]
