"""A login as one call, for fixtures that are shared by tests."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from test.auth.addresses import http_from
from test.auth.browser import Browser, Person
from test.auth.oauth_client import OAuthClient, Tokens

T = TypeVar("T")


def log_in(base: str, person: Person, scope: str = "") -> Tokens:
    """The tokens of a new client of the main server."""

    async def walk() -> Tokens:
        async with http_from() as http, Browser(person) as one:
            return await OAuthClient(base, http, scope=scope).login(one)

    return at_once(walk())


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """Runs to the end in an event loop of its own, also where one runs already."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
