"""Pages of lists that are put together here rather than by the API server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cnpg_mcp.kube.cursors import Position, decode_cursor, encode_cursor

T = TypeVar("T")


@dataclass(frozen=True)
class ListQuery:
    """What is asked of a list inside one cluster."""

    namespace: str | None
    cluster_name: str
    limit: int
    cursor: str | None = None
    detailed: bool = False


def page_of(
    rows: Sequence[T], query: ListQuery, key: Callable[[T], str]
) -> tuple[Sequence[T], str | None]:
    """The page that the query asks for, sorted by `key`, and the cursor of the next one.

    The cursor remembers the last key shown, so a list that changes
    between two pages neither repeats nor drops what did not change.

    Raises:
        CursorError: the cursor belongs to another question.
    """
    rows = sorted(rows, key=key)
    question = (query.namespace, query.cluster_name, query.detailed)
    if query.cursor:
        after = decode_cursor(question, query.cursor).continue_token
        rows = [row for row in rows if key(row) > after]
    page = rows[: query.limit]
    if len(rows) <= query.limit:
        return page, None
    return page, encode_cursor(question, Position(continue_token=key(page[-1])))
