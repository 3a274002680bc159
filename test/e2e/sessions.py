"""Sessions that stay open in PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager

from test.e2e.psql import Psql, literal
from test.e2e.waiting import until

SECONDS = 30
_HELD = "psql -Xq -c 'select pg_sleep(600)' >/dev/null 2>&1 </dev/null &"


@contextmanager
def session(psql: Psql, database: str) -> Iterator[None]:
    """A session in a database, open inside the block."""
    command = ["env", f"PGDATABASE={database}", "sh", "-c", _HELD]
    psql.admin.execute(psql.namespace, f"{psql.cluster}-1", command)
    theirs = f"from pg_stat_activity where datname = {literal(database)}"
    until(lambda: psql.rows(f"select pid {theirs}"), SECONDS, f"a session in {database}")
    try:
        yield
    finally:
        psql.rows(f"select pg_terminate_backend(pid) {theirs}")
