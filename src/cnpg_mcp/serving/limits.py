"""How often one address, and one caller, may ask."""

import hashlib
import json
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnpg_mcp.serving.refusals import refusal

_KEYS = 20_000
_SITE_BITS = 64
"""Of an IPv6 address: the rest is the choice of whoever has the network."""
_NOWHERE = "unknown"
_UNAUTHORIZED = 401
_ADDRESS_CHARS = 64
Clock = Callable[[], float]


class BoundedMemory(Storage):
    """Counters in memory, for `size` keys at most: the one not used for longest makes room.

    The storage of `limits` itself grows with every address of a flood, and looks at all of them
    at each request.
    """

    STORAGE_SCHEME = None

    def __init__(self, size: int = _KEYS, now: Clock = time.monotonic) -> None:
        super().__init__()
        self._size = size
        self._now = now
        self._counts: OrderedDict[str, _Count] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """Errors of the storage: it has none of its own."""
        return ValueError

    def __len__(self) -> int:
        return len(self._counts)

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Counts; a window begins with the first count, and lasts `expiry` seconds."""
        count = self._running(key) or _Count(self._now() + expiry)
        count.number += amount
        self._counts[key] = count
        self._counts.move_to_end(key)
        if len(self._counts) > self._size:
            self._counts.popitem(last=False)
        return count.number

    def get(self, key: str) -> int:
        """How often the key was counted in its window."""
        count = self._running(key)
        return count.number if count else 0

    def get_expiry(self, key: str) -> float:
        """When the key's window ends, on the clock of this storage."""
        count = self._running(key)
        return count.ends if count else self._now()

    def check(self) -> bool:
        """Whether the storage works: memory does."""
        return True

    def reset(self) -> int:
        """Forgets everything, and says how many keys that were."""
        number = len(self._counts)
        self._counts.clear()
        return number

    def clear(self, key: str) -> None:
        """Forgets a key."""
        self._counts.pop(key, None)

    def _running(self, key: str) -> "_Count | None":
        count = self._counts.get(key)
        return count if count and count.ends > self._now() else None


@dataclass(slots=True)
class _Count:
    ends: float
    number: int = 0


class Budget:
    """Requests that each key has in a fixed window: twice as many can meet around its end."""

    def __init__(self, now: Clock = time.monotonic, size: int = _KEYS) -> None:
        self._now = now
        self._storage = BoundedMemory(size, now)
        self._limiter = FixedWindowRateLimiter(self._storage)

    def overdrawn(self, rate: RateLimitItem, *key: str) -> int | None:
        """Takes one; when there was none left, the seconds until there are new ones."""
        name = _digest(*key)
        return None if self._limiter.hit(rate, name) else self._left(rate, name)

    def exhausted(self, rate: RateLimitItem, *key: str) -> int | None:
        """Takes none; when there is none left, the seconds until there are new ones."""
        name = _digest(*key)
        return None if self._limiter.test(rate, name) else self._left(rate, name)

    def _left(self, rate: RateLimitItem, name: str) -> int:
        left = self._storage.get_expiry(rate.key_for(name)) - self._now()
        return max(1, math.ceil(left))


class AddressRateLimit:
    """Refuses requests (429 with Retry-After) of an address that asks some path too often.

    `rates` says how often, such as `20/minute`, for each path that works for anybody: each of
    these requests is a write to the store of logins, or a guess. IPv6 is counted by /64. At most
    `size` addresses are remembered; a flood of more makes room by forgetting the quietest.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        rates: Mapping[str, str],
        now: Clock = time.monotonic,
        size: int = _KEYS,
    ) -> None:
        self._app = app
        self._rates = {path: parse(rate) for path, rate in rates.items()}
        self._budget = Budget(now, size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        rate = self._rates.get(scope["path"]) if scope["type"] == "http" else None
        left = self._budget.overdrawn(rate, scope["path"], address_of(scope)) if rate else None
        if left is None:
            await self._app(scope, receive, send)
        else:
            await _too_many(left)(scope, receive, send)


class RefusedTokenLimit:
    """Refuses requests (429 with Retry-After) of an address whose tokens were refused too often.

    Only 401 answers to a token count, at `rate`; a token costs more to refuse than a request does.
    """

    def __init__(
        self, app: ASGIApp, *, rate: str, now: Clock = time.monotonic, size: int = _KEYS
    ) -> None:
        self._app = app
        self._rate = parse(rate)
        self._budget = Budget(now, size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        if scope["type"] != "http" or "authorization" not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        address = address_of(scope)
        left = self._budget.exhausted(self._rate, address)
        if left is not None:
            await _too_many(left)(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _UNAUTHORIZED:
                self._budget.overdrawn(self._rate, address)
            await send(message)

        await self._app(scope, receive, counted)


class CallerRateLimit:
    """Refuses requests (429 with Retry-After) of a caller who asks more often than `rate`.

    The caller is issuer and subject of the token, whatever address it comes from, so that a
    company behind one address is many callers; without a token it is the address. It belongs
    behind authentication. At most `size` callers are remembered, the quietest forgotten first.
    """

    def __init__(
        self, app: ASGIApp, *, rate: str, now: Clock = time.monotonic, size: int = _KEYS
    ) -> None:
        self._app = app
        self._rate = parse(rate)
        self._budget = Budget(now, size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request on, or refuses it."""
        is_http = scope["type"] == "http"
        left = self._budget.overdrawn(self._rate, *_caller_of(scope)) if is_http else None
        if left is None:
            await self._app(scope, receive, send)
        else:
            await _too_many(left)(scope, receive, send)


def address_of(scope: Scope) -> str:
    """The client's address as one site: an IPv4 address, or the /64 of an IPv6 one."""
    host = (scope.get("client") or (_NOWHERE,))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)[:_ADDRESS_CHARS]
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), _SITE_BITS), strict=False))


def _caller_of(scope: Scope) -> tuple[str, ...]:
    user = scope.get("user")
    claims = user.access_token.claims if isinstance(user, AuthenticatedUser) else None
    if claims and claims.get("sub"):
        return "caller", str(claims.get("iss")), str(claims["sub"])
    return "address", address_of(scope)


def _digest(*parts: str) -> str:
    """One short key for several parts of any length, different for different parts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _too_many(seconds: int) -> ASGIApp:
    return refusal(
        429,
        "rate_limited",
        f"Too many requests: try again in {seconds} seconds.",
        {"Retry-After": str(seconds)},
    )
