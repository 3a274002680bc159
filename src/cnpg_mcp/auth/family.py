"""A login's family of tokens: all that descend from one sign-in at the provider, and die together.

A refresh token is used once. Some clients use one twice at the same time (Claude does, from two
addresses), so the second use within a short while gets the first one's answer; a later one is a
thief's, or the victim's after the thief's, and ends the family (RFC 9700, section 4.14.2).
"""

import time
from collections.abc import Callable

from key_value.aio.adapters.pydantic import PydanticAdapter
from key_value.aio.protocols import AsyncKeyValue
from mcp.shared.auth import OAuthToken
from pydantic import BaseModel

GRACE_SECONDS = 30
_REMEMBERED_SECONDS = 30 * 24 * 3600
"""How long a used refresh token is known as used; afterwards it is simply unknown."""


class UsedRefreshToken(BaseModel):
    """A refresh token that is being exchanged, or has been.

    One that is not finished was in a process that died meanwhile: it may be exchanged again.
    """

    client_id: str
    scopes: list[str]
    family: str
    used_at: float
    is_finished: bool = False


class Login(BaseModel):
    """What is known of a family besides the provider's tokens."""

    asked: list[str]
    client_name: str = ""


class Families:
    """The families in a store. `now` gives seconds of the epoch."""

    def __init__(self, values: AsyncKeyValue, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._used = PydanticAdapter[UsedRefreshToken](
            values, UsedRefreshToken, "cnpg-used-refresh-tokens"
        )
        self._answers = PydanticAdapter[OAuthToken](values, OAuthToken, "cnpg-refresh-answers")
        self._logins = PydanticAdapter[Login](values, Login, "cnpg-logins")

    async def use(self, token: str, client_id: str, scopes: list[str], family: str) -> None:
        """Notes that a refresh token is being exchanged: before the old one is forgotten."""
        used = UsedRefreshToken(
            client_id=client_id, scopes=scopes, family=family, used_at=self._now()
        )
        await self._used.put(token, used, ttl=_REMEMBERED_SECONDS)

    async def unuse(self, token: str) -> None:
        """Takes that back: the exchange has failed, so the token is as good as before."""
        await self._used.delete(token)

    async def used(self, token: str) -> UsedRefreshToken | None:
        """What is known of a used refresh token."""
        used: UsedRefreshToken | None = await self._used.get(token)
        return used

    async def finish(self, token: str, tokens: OAuthToken) -> None:
        """Keeps what a refresh token was exchanged for, for the one who comes too late."""
        await self._answers.put(token, tokens, ttl=GRACE_SECONDS)
        used = await self.used(token)
        if used is not None:
            done = used.model_copy(update={"is_finished": True})
            await self._used.put(token, done, ttl=_REMEMBERED_SECONDS)

    async def answered(self, token: str, used: UsedRefreshToken) -> OAuthToken | None:
        """What it was exchanged for; `None` once the grace is over."""
        if self._now() - used.used_at > GRACE_SECONDS:
            return None
        answer: OAuthToken | None = await self._answers.get(token)
        return answer

    async def begin(self, family: str, login: Login, seconds: int) -> None:
        """Notes a new family."""
        await self._logins.put(family, login, ttl=seconds)

    async def login(self, family: str) -> Login | None:
        """What is known of a family."""
        login: Login | None = await self._logins.get(family)
        return login

    async def end(self, family: str) -> None:
        """Forgets a family."""
        await self._logins.delete(family)
