"""What a provider gives, and what of it is kept for the next time."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Self

from test.tools.speech import Failure


@dataclass(frozen=True)
class Tokens:
    """An answer of the token endpoint (RFC 6749, section 5.1)."""

    access_token: str
    id_token: str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    expires_in: float | None = None


@dataclass(frozen=True)
class Kept:
    """A refresh token, and the only provider and application that it may be shown to."""

    issuer: str
    client_id: str
    refresh_token: str

    def text(self) -> str:
        """As it stands in a file."""
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """From what stands in a file.

        Raises:
            Failure: it is something else.
        """
        try:
            found = json.loads(text)
            values = [found[each.name] for each in fields(cls)]
        except (ValueError, KeyError, TypeError):
            values = [None]
        if not all(isinstance(value, str) and value for value in values):
            raise Failure(
                "The file beside the token file holds no refresh token.",
                "log in anew without --refresh.",
            )
        return cls(*values)
