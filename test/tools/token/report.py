"""What the program says at the end: everything about the token but the token."""

import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from test.tools.speech import Speech, told
from test.tools.token.judgement import Judgement, audiences
from test.tools.token.options import Options
from test.tools.token.tokens import Tokens

_NOT_SAID = "not said"
_URL = "http://localhost:3001/test"


def report(
    speech: Speech, options: Options, tokens: Tokens, judgement: Judgement, *, keeps: bool
) -> None:
    """Says what was done, what the token is good for, and how to use it."""
    speech.say(f"Got an access token ({options.flow.value}).")
    for name, value in _facts(options, tokens, judgement.claims, keeps=keeps):
        speech.say(f"  {name + ':':<15}{value}")
    for doubt in judgement.doubts:
        speech.warn(doubt)
    if judgement.refusal:
        speech.warn(f"the test server would refuse this token. {judgement.refusal}")
    else:
        speech.say(f"Next:\n  {next_command(options.token_file)}")


def next_command(token_file: Path) -> str:
    """How to use the token."""
    return (
        f"./test/test-mcp.py --transport http --url {_URL} "
        f"--token-file {shlex.quote(str(token_file))}"
    )


def _facts(
    options: Options, tokens: Tokens, claims: Mapping[str, Any], *, keeps: bool
) -> Iterable[tuple[str, str]]:
    yield "issuer", told(claims.get("iss") or options.issuer)
    yield "subject", told(claims.get("sub") or _NOT_SAID)
    yield "audience", ", ".join(map(told, audiences(claims))) or _NOT_SAID
    yield "scopes", _scopes(tokens, claims)
    yield "valid until", _expiry(tokens, claims)
    yield "file", f"{options.token_file} (only you can read it)"
    if keeps:
        yield "refresh token", f"{options.refresh_file}: renew the token with --refresh"


def _scopes(tokens: Tokens, claims: Mapping[str, Any]) -> str:
    for found in (claims.get("scope"), claims.get("scp"), tokens.scope):
        words = found.split() if isinstance(found, str) else found
        if isinstance(words, list) and words:
            shown = " ".join(map(told, words))
            break
    else:
        shown = "none"
    permissions = claims.get("permissions")
    if isinstance(permissions, list) and permissions:
        shown += f"; permissions: {' '.join(map(told, permissions))}"
    return shown


def _expiry(tokens: Tokens, claims: Mapping[str, Any]) -> str:
    now = datetime.now(UTC)
    until = claims.get("exp")
    if not isinstance(until, int | float):
        if tokens.expires_in is None:
            return _NOT_SAID
        until = now.timestamp() + tokens.expires_in
    try:
        end = datetime.fromtimestamp(until, UTC)
    except (ValueError, OverflowError, OSError):
        return _NOT_SAID
    minutes = (end - now).total_seconds() / 60
    return f"{end:%Y-%m-%d %H:%M:%S} UTC ({minutes:.0f} minutes)"
