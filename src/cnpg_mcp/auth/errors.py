"""Why somebody is not let in.

AuthError
├── InvalidToken      the token is no good: 401
│   └── ExpiredToken  it was good until a while ago
└── Unavailable       nobody can be let in or sent away at the moment: 503
    ├── ProviderUnavailable  the identity provider
    └── StoreUnavailable     the store of logins
"""


class AuthError(Exception):
    """The message may be shown to whoever sent the request: it holds nothing of the token."""


class InvalidToken(AuthError):
    """The token does not authenticate anybody here."""


class ExpiredToken(InvalidToken):
    """The token's time is over."""


class Unavailable(AuthError):
    """Try again: what is needed to decide cannot be reached."""


class ProviderUnavailable(Unavailable):
    """The identity provider does not answer, or not as one."""


class StoreUnavailable(Unavailable):
    """The store of logins does not answer."""
