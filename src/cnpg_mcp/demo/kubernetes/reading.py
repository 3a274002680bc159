"""Gets, lists and watches."""

import asyncio
import base64
import json
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes import options, selectors
from cnpg_mcp.demo.kubernetes.definitions import Definition
from cnpg_mcp.demo.kubernetes.failures import (
    Failure,
    bad_request,
    expired,
    expired_page,
    not_found,
    to_come,
)
from cnpg_mcp.demo.kubernetes.forms import Forms
from cnpg_mcp.demo.kubernetes.metadata import called_as_integer
from cnpg_mcp.demo.kubernetes.requests import Request
from cnpg_mcp.demo.kubernetes.routing import Target
from cnpg_mcp.demo.kubernetes.selectors import Selector
from cnpg_mcp.demo.kubernetes.storage import Change, ChangeType, Expired, Key, Storage, key_of

_PAGE_VERSION = "meta.k8s.io/v1"
_NOW = -1
_WATCH_SECONDS = 1800.0


@dataclass(frozen=True)
class _Page:
    """Where a list goes on: the revision it is of, and the last object that was given.

    Without a revision it goes on with what there is.
    """

    revision: int | None
    after: Key

    def token(self) -> str:
        body = {"v": _PAGE_VERSION, "rv": self.revision or _NOW, "start": "/".join(self.after)}
        return base64.urlsafe_b64encode(json.dumps(body).encode()).decode().rstrip("=")


@dataclass(frozen=True)
class Reader:
    """Answers questions about what is stored."""

    storage: Storage
    forms: Forms

    def one(self, request: Request, definition: Definition, target: Target) -> KubeObject:
        """One object, in the form that is asked for.

        Raises:
            Failure: 404, or 504 for a version that is to come.
        """
        self._check_known(request.revision("resourceVersion"))
        return self.forms.one(request, definition, self.as_stored(definition, target))

    def as_stored(self, definition: Definition, target: Target) -> KubeObject:
        """One object as it is stored.

        Raises:
            Failure: 404.
        """
        found = self.storage.get(definition.kind, target.space(definition.kind), target.name)
        if found is None:
            raise not_found(definition.kind, target.name)
        return found

    # --- lists ---

    def page(self, request: Request, definition: Definition, target: Target) -> KubeObject:
        """A page of a collection, in the form that is asked for.

        Raises:
            Failure: 400 for a selector or token that is none; 410 for a forgotten page; 504 for a
                version that is to come.
        """
        options.check_list(request)
        selected = _selector(request, definition)
        page = _page(request.query.get("continue", ""))
        self._check_known(page.revision if page else request.revision("resourceVersion"))
        revision = page.revision if page else self._revision(request)
        try:
            space = target.space(definition.kind)
            left = deque(self.storage.at(definition.kind, revision, space))
        except Expired as error:
            raise self._expired(page, revision) from error
        revision = revision or self.storage.revision
        while page and left and key_of(left[0]) <= page.after:
            left.popleft()
        given = _taken(left, selected, request.number("limit"))
        about: KubeObject = {"resourceVersion": str(revision)}
        if left:
            about["continue"] = _Page(revision, key_of(given[-1])).token()
            if not selected:
                about["remainingItemCount"] = len(left)
        return self.forms.many(request, definition, given, about)

    def whole(
        self, request: Request, definition: Definition, target: Target
    ) -> Sequence[KubeObject]:
        """A whole collection, as far as it is selected.

        Raises:
            Failure: 400 for a selector that is none.
        """
        options.check_list(request)
        selected = _selector(request, definition)
        return list(filter(selected, self._all(definition, target)))

    def _check_known(self, revision: int | None) -> None:
        if revision is not None and revision > self.storage.revision:
            raise to_come(revision, self.storage.revision)

    def _revision(self, request: Request) -> int | None:
        """The revision that has to be answered; what there is now fits every other request."""
        is_exact = request.query.get("resourceVersionMatch") == "Exact"
        return request.revision("resourceVersion") if is_exact else None

    def _expired(self, page: _Page | None, revision: int | None) -> Failure:
        if page is None:
            return expired(revision or 0, self.storage.oldest)
        return expired_page(_Page(None, page.after).token())

    def _all(self, definition: Definition, target: Target) -> Sequence[KubeObject]:
        return self.storage.all(definition.kind, target.space(definition.kind))

    # --- watches ---

    def watch(
        self, request: Request, definition: Definition, target: Target
    ) -> AsyncIterator[KubeObject]:
        """Events as they come, until the time that was asked for is over.

        From a version that is to come none come before it, as of a real API server.

        Raises:
            Failure: 400 for a selector or version that is none.
        """
        options.check_list(request)
        watch = _Watch(self, request, definition, target, _selector(request, definition))
        since = request.revision("resourceVersion") or 0
        seconds = request.number("timeoutSeconds") or _WATCH_SECONDS
        there = self._all(definition, target) if since == 0 else ()
        return watch.events(since or self.storage.revision, there, seconds)


@dataclass(frozen=True)
class _Watch:
    """One watch."""

    reader: Reader
    request: Request
    definition: Definition
    target: Target
    selected: Selector

    async def events(
        self, since: int, there: Sequence[KubeObject], seconds: float
    ) -> AsyncIterator[KubeObject]:
        """What is there, and then what happens after a revision."""
        for obj in filter(self.selected, there):
            yield self._shown(ChangeType.ADDED, obj)
        changes = self.reader.storage.changes(self.definition.kind, since)
        end = asyncio.get_running_loop().time() + seconds
        try:
            async for change in _until(changes, end):
                seen = _seen(change, self.target, self.selected)
                if seen:
                    yield self._shown(*seen)
        except Expired:
            oldest = self.reader.storage.oldest
            yield {"type": "ERROR", "object": expired(since, oldest).body()}

    def _shown(self, what: ChangeType, obj: KubeObject) -> KubeObject:
        shown = self.reader.forms.one(self.request, self.definition, obj)
        return {"type": what.value, "object": shown}


async def _until(changes: AsyncGenerator[Change], end: float) -> AsyncIterator[Change]:
    """The changes that come before a time of the loop's clock."""
    async with aclosing(changes):
        while True:
            try:
                async with asyncio.timeout_at(end):
                    change = await anext(changes)
            except TimeoutError:
                return
            yield change


def _seen(
    change: Change, target: Target, selected: Selector
) -> tuple[ChangeType, KubeObject] | None:
    """What a change looks like to somebody who sees the selected objects only."""
    if target.namespace not in ("", change.object["metadata"].get("namespace", "")):
        return None
    now = change.type != ChangeType.DELETED and selected(change.object)
    before = change.before is not None and selected(change.before)
    if now:
        return (ChangeType.MODIFIED if before else ChangeType.ADDED), change.object
    return (ChangeType.DELETED, _last(change)) if before else None


def _last(change: Change) -> KubeObject:
    """An object as it was when it was last seen, with the version of what made it vanish."""
    last = change.before or change.object
    version = {"resourceVersion": str(change.revision)}
    return {**last, "metadata": {**last["metadata"], **version}}


def _taken(left: deque[KubeObject], selected: Selector, limit: int) -> Sequence[KubeObject]:
    """The first selected objects, taken from what is left."""
    taken: list[KubeObject] = []
    while left and (limit <= 0 or len(taken) < limit):
        obj = left.popleft()
        if selected(obj):
            taken.append(obj)
    return taken


def _selector(request: Request, definition: Definition) -> Selector:
    known = {
        "metadata.name": lambda obj: str(obj["metadata"]["name"]),
        "metadata.namespace": lambda obj: str(obj["metadata"].get("namespace", "")),
        **definition.selectable,
    }
    by_label = selectors.labels(request.query.get("labelSelector", ""))
    by_field = selectors.fields(request.query.get("fieldSelector", ""), known)
    return Selector((*by_label.tests, *by_field.tests))


def _page(token: str) -> _Page | None:
    """What a continue token says.

    Raises:
        Failure: 400, where it is none of ours.
    """
    if not token:
        return None
    try:
        body = json.loads(_unpacked(token))
        version, revision, start = body.get("v"), body.get("rv"), body.get("start")
    except (ValueError, AttributeError, RecursionError) as error:
        raise _not_valid(str(error)) from error
    if version != _PAGE_VERSION:
        raise _not_valid("server does not recognize this encoded version ")
    found = "" if revision is None else called_as_integer(revision)
    if found:
        into = "Go struct field continueToken.rv of type int64"
        raise _not_valid(f"json: cannot unmarshal {found} into {into}")
    if not revision:
        raise _not_valid(f"incorrect encoded start resourceVersion (version {_PAGE_VERSION})")
    namespace, slash, name = str(start).partition("/")
    if not slash or "/" in name:
        raise _not_valid(str(start))
    return _Page(revision if revision > 0 else None, (namespace, name))


def _unpacked(token: str) -> bytes:
    """The text that a token is made of; padding is none of it."""
    if wrong := _NOT_BASE64.search(token):
        raise _not_valid(f"illegal base64 data at input byte {wrong.start()}")
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


_NOT_BASE64 = re.compile(r"[^A-Za-z0-9_-]")


def _not_valid(why: str) -> Failure:
    return bad_request(f"invalid continue token: continue key is not valid: {why}")
