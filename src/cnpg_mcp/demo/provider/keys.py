"""The keys that tokens are signed with."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from joserfc.jwk import KeySet, KeySetSerialization, RSAKey

ALGORITHM = "RS256"
PUBLISHED = 10
"""How many keys are published at most."""
_BITS = 2048


class TooManyKeys(Exception):
    """All keys that can be published are needed; `seconds` until one of them is not."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"{PUBLISHED} keys are published, and tokens live of each")


@dataclass
class _Key:
    """A key, and until when (seconds since the epoch) a token lives that it has signed."""

    key: RSAKey
    needed_until: float


class SigningKeys:
    """The newest key signs. Those before it stay published while a token lives of them."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._keys = [_new_key()]

    def signing(self, lifetime: timedelta) -> KeySet:
        """The key for a token of this lifetime.

        It comes as a set: of a set, joserfc names the key's id in the token.
        """
        newest = self._keys[0]
        end = self._clock() + lifetime.total_seconds()
        newest.needed_until = max(newest.needed_until, end)
        return KeySet([newest.key])

    @property
    def published(self) -> KeySetSerialization:
        """The public keys (RFC 7517, section 5)."""
        return KeySet([each.key for each in self._keys]).as_dict(private=False)

    def rotate(self) -> None:
        """Signs with a new key from now on.

        Raises:
            TooManyKeys: there is no place for it.
        """
        now = self._clock()
        needed = [each for each in self._keys if each.needed_until > now]
        if len(needed) >= PUBLISHED:
            raise TooManyKeys(min(each.needed_until for each in needed) - now)
        self._keys = [_new_key(), *needed]


def _new_key() -> _Key:
    return _Key(RSAKey.generate_key(_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True), 0)
