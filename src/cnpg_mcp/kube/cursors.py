"""Opaque cursors over the API server's continue tokens, bound to the question asked."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic_core import from_json, to_json

from cnpg_mcp.kube.errors import CursorError


@dataclass(frozen=True)
class Position:
    """Where a list goes on: a namespace (empty: the one asked for) and a continue token."""

    namespace: str = ""
    continue_token: str = ""


def encode_cursor(question: Sequence[object], position: Position) -> str:
    """A cursor for the next page of a question (the arguments that define it)."""
    parts = [_digest(question), position.namespace, position.continue_token]
    return urlsafe_b64encode(to_json(parts)).decode().rstrip("=")


def decode_cursor(question: Sequence[object], cursor: str) -> Position:
    """Where the question's next page starts.

    Raises:
        CursorError: malformed, or made for other arguments.
    """
    try:
        digest, namespace, token = from_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        position = Position(str(namespace), str(token))
    except (ValueError, TypeError) as error:
        raise CursorError("The cursor is not one that this server gave.") from error
    if digest != _digest(question):
        raise CursorError("The cursor belongs to a list with other arguments.")
    return position


def _digest(question: Sequence[object]) -> str:
    return hashlib.sha256(to_json(list(question))).hexdigest()[:16]
