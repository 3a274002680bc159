"""The keys that tokens are signed with."""

from joserfc.jwk import KeySet, KeySetSerialization, RSAKey

ALGORITHM = "RS256"
PUBLISHED = 3
"""How many keys are published: the one that signs, and those before it."""
_BITS = 2048


class SigningKeys:
    """The newest key signs; those before it stay published for the tokens they have signed."""

    def __init__(self) -> None:
        self._keys = [_new_key()]

    @property
    def signing(self) -> KeySet:
        """The key that signs, as a set: of a set, joserfc names the key's id in the token."""
        return KeySet([self._keys[0]])

    @property
    def published(self) -> KeySetSerialization:
        """The public keys (RFC 7517, section 5)."""
        return KeySet(list(self._keys)).as_dict(private=False)

    def rotate(self) -> None:
        """Signs with a new key from now on."""
        self._keys = [_new_key(), *self._keys][:PUBLISHED]


def _new_key() -> RSAKey:
    return RSAKey.generate_key(_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
