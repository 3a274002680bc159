"""Passwords: made here, put into a Secret, and seen by nobody."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits
_CHARS = 32
"""190 bits; letters and digits only, so that it fits into URLs and pgpass files as it is."""


def new_password() -> str:
    """A password that nobody has seen."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CHARS))
