"""Lists of clusters: one call to the API server a page, whatever the number of clusters."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cnpg_mcp.domain.cluster_rows import detailed_row, reported_rows
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.lookup import not_installed
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import CLUSTERS
from cnpg_mcp.domain.results import ClusterList, ClusterRow, ListScope
from cnpg_mcp.domain.status.assessment import Verdict
from cnpg_mcp.errors import ErrorCode, ToolFailure, invalid
from cnpg_mcp.kube.client import Selection
from cnpg_mcp.kube.cursors import Position, decode_cursor, encode_cursor
from cnpg_mcp.kube.errors import Forbidden, NotFound
from cnpg_mcp.kube.tables import IncludeObject


@dataclass(frozen=True)
class ClusterQuery:
    """What is asked of the list of clusters."""

    namespace: str | None
    all_namespaces: bool
    limit: int
    cursor: str | None = None
    label_selector: str = ""
    detailed: bool = False
    verdict: Verdict | None = None

    def question(self) -> tuple[object, ...]:
        """What a cursor is bound to; the page size may change on the way."""
        return (
            self.namespace,
            self.all_namespaces,
            self.label_selector,
            self.detailed,
            self.verdict,
        )

    @property
    def filter(self) -> str | None:
        """What the clusters are chosen by, in words; `None` where all are wanted."""
        chosen_by = [f"labels {quoted(self.label_selector)}"] if self.label_selector else []
        chosen_by += [f"verdict {self.verdict}"] if self.verdict else []
        return " and ".join(chosen_by) or None


_ABSENT = "does not exist"
_NOT_ALLOWED = "may not be looked at"
_UNCHECKED = "Whether this namespace exists could not be checked (no permission to read it)."
_DEFAULTED = (
    "Only the default namespace was looked at; all_namespaces=true looks in all that may be seen."
)


@dataclass(frozen=True)
class _Page:
    """Rows of one namespace, out of how many, where the next ones start, and why there are none."""

    rows: Sequence[ClusterRow]
    looked_at: int
    token: str
    missed: str = ""


async def list_clusters(estate: Estate, query: ClusterQuery) -> ClusterList:
    """A page of clusters of one namespace, or of all that may be seen.

    A page filtered by verdict may be short, or empty, while `next_cursor` is set.

    Raises:
        ToolFailure: no such namespace, none that may be looked at, a filter that needs the
            detailed list, or CloudNativePG is not installed.
        CursorError: the cursor belongs to another question.
    """
    if query.verdict and not query.detailed:
        raise invalid(
            "verdict",
            "A concise list has no verdicts to filter by.",
            "Call with detail_level=detailed, or leave verdict out.",
        )
    start = decode_cursor(query.question(), query.cursor) if query.cursor else Position()
    try:
        if not query.all_namespaces:
            return await _one_namespace(estate, query, start)
        if not estate.policy.allowed_namespaces and not start.namespace:
            return await _everywhere(estate, query, start)
        return await _several(estate, query, start)
    except NotFound as error:
        if error.names_no_object:
            raise not_installed() from None
        raise


async def _one_namespace(estate: Estate, query: ClusterQuery, start: Position) -> ClusterList:
    namespace = await estate.namespace(query.namespace)
    page = await _page(estate, query, namespace, start.continue_token, query.limit)
    notes = []
    if not page.looked_at and not query.cursor and not await estate.require_namespace(namespace):
        notes.append(_UNCHECKED)
    defaulted = query.namespace is None and not query.cursor
    if defaulted and len(estate.policy.allowed_namespaces) != 1:
        notes.append(_DEFAULTED)
    return ClusterList(
        clusters=tuple(page.rows),
        scope=ListScope(namespace=namespace, note=" ".join(notes) or None),
        filter=query.filter,
        looked_at=page.looked_at if query.verdict else None,
        next_cursor=_next(query, Position("", page.token)),
    )


async def _everywhere(estate: Estate, query: ClusterQuery, start: Position) -> ClusterList:
    try:
        page = await _page(estate, query, None, start.continue_token, query.limit)
    except Forbidden:
        return await _several(estate, query, start)
    return ClusterList(
        clusters=tuple(page.rows),
        scope=ListScope(),
        filter=query.filter,
        looked_at=page.looked_at if query.verdict else None,
        next_cursor=_next(query, Position("", page.token)),
    )


async def _several(estate: Estate, query: ClusterQuery, start: Position) -> ClusterList:
    """The namespaces that may be seen, one after another, until the page is full."""
    namespaces = sorted(await estate.namespaces_without_cluster_wide_access())
    rows: list[ClusterRow] = []
    looked_at = 0
    missed: dict[str, str] = {}
    position = Position()
    async for namespace, page in _walk(estate, query, namespaces, start):
        rows += [replace(row, namespace=namespace) for row in page.rows]
        looked_at += page.looked_at
        if page.missed:
            missed[namespace] = page.missed
        position = _after(namespaces, namespace, page.token)
        if page.token or len(rows) >= query.limit:
            break
    if len(missed) == len(namespaces):
        raise _nothing_to_see(missed)
    return ClusterList(
        clusters=tuple(rows),
        scope=ListScope(namespaces=tuple(namespaces), note=_several_note(estate, missed)),
        filter=query.filter,
        looked_at=looked_at if query.verdict else None,
        next_cursor=_next(query, position),
    )


def _several_note(estate: Estate, missed: Mapping[str, str]) -> str:
    why = "the server's account may not list clusters in all namespaces"
    if estate.policy.allowed_namespaces:
        why = "as the server's settings allow"
    note = f"Only these namespaces were looked at: {why}."
    return note + "".join(f" Namespace {name} {reason}." for name, reason in missed.items())


def _nothing_to_see(missed: Mapping[str, str]) -> ToolFailure:
    absent = all(reason == _ABSENT for reason in missed.values())
    return ToolFailure(
        ErrorCode.NOT_FOUND if absent else ErrorCode.FORBIDDEN,
        "None of the namespaces within reach can be listed: "
        + "; ".join(f"namespace {name} {reason}" for name, reason in missed.items())
        + ".",
        "Name another namespace, or ask an administrator for the right to see these.",
    )


async def _walk(
    estate: Estate, query: ClusterQuery, namespaces: Sequence[str], start: Position
) -> AsyncIterator[tuple[str, _Page]]:
    """Pages from the start on, one namespace after another."""
    left = query.limit
    for namespace in namespaces:
        if namespace < start.namespace:
            continue
        token = start.continue_token if namespace == start.namespace else ""
        try:
            page = await _page(estate, query, namespace, token, left)
        except Forbidden:
            yield namespace, _Page((), 0, "", _NOT_ALLOWED)
            continue
        empty = not page.looked_at and not page.token
        if empty and await estate.namespace_exists(namespace) is False:
            page = _Page((), 0, "", _ABSENT)
        left -= len(page.rows)
        yield namespace, page


def _after(namespaces: Sequence[str], namespace: str, token: str) -> Position:
    """Where to go on behind a page of a namespace."""
    if token:
        return Position(namespace, token)
    behind = [name for name in namespaces if name > namespace]
    return Position(behind[0]) if behind else Position()


async def _page(
    estate: Estate, query: ClusterQuery, namespace: str | None, token: str, limit: int
) -> _Page:
    selection = Selection(namespace, query.label_selector, limit=limit, continue_token=token)
    if query.detailed:
        page = await estate.kube.list(CLUSTERS, selection)
        now = estate.now()
        rows = [detailed_row(item, now, with_namespace=namespace is None) for item in page.items]
        wanted = [row for row in rows if query.verdict in {None, row.verdict}]
        return _Page(wanted, len(rows), page.continue_token)
    # A row tells its namespace only with its metadata, which costs the API server more.
    include = IncludeObject.NONE if namespace else IncludeObject.METADATA
    table = await estate.kube.table(CLUSTERS, selection, include)
    reported = reported_rows(table)
    return _Page(reported, len(reported), table.continue_token)


def _next(query: ClusterQuery, position: Position) -> str | None:
    return encode_cursor(query.question(), position) if position != Position() else None
