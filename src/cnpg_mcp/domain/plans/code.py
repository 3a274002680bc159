"""Confirmation codes: proof that what is applied is what the plan has shown, to the same caller.

A code is `EXPIRY-CALL-EFFECTS-CHECK`: the time until which it holds, in hexadecimal seconds, then
two message authentication codes. The second one covers everything and alone decides; the first one
leaves the effects out and only serves to tell what has changed. The last part is a checksum without
a key: it decides nothing, and tells a code that was mistyped from one of another plan.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cnpg_mcp.domain.caller import Caller
from cnpg_mcp.domain.plans.plan import Plan

LIFETIME = timedelta(minutes=10)
_FORM = re.compile(
    r"(?P<body>(?P<expiry>[0-9a-f]{8,10})-(?P<call>[a-z2-7]{16})-[a-z2-7]{26})-(?P<check>[a-z2-7]{4})"
)
_CALL_CHARS, _EFFECTS_CHARS, _CHECK_CHARS = 16, 26, 4
"""80 bits to tell what has changed, 130 to decide, 20 against slips."""


class CodeVerdict(StrEnum):
    """Whether a code confirms a plan, and if not, why not."""

    CONFIRMED = "confirmed"
    MALFORMED = "malformed"
    EXPIRED = "expired"
    OTHER_CALL = "other_call"
    OTHER_EFFECTS = "other_effects"


def issued_at(code: str) -> float:
    """When a code of the right form was given, in seconds of the epoch."""
    return int(code.split("-", maxsplit=1)[0], 16) - LIFETIME.total_seconds()


def new_key() -> bytes:
    """A key for one process."""
    return secrets.token_bytes(32)


@dataclass(frozen=True)
class PlanKeys:
    """The keys of one server: the first signs, all verify."""

    server: str
    keys: Sequence[bytes]

    def confirmation(self, plan: Plan, caller: Caller, now: datetime) -> tuple[str, datetime]:
        """The code for a plan, and when it ends."""
        ends = (now + LIFETIME).astimezone(UTC).replace(microsecond=0)
        return self._code(self.keys[0], plan, caller, int(ends.timestamp())), ends

    def judge(self, code: str, plan: Plan, caller: Caller, now: datetime) -> CodeVerdict:
        """Whether a code confirms this plan for this caller at this time."""
        given = _FORM.fullmatch(code)
        if given is None or given["check"] != _check(given["body"]):
            return CodeVerdict.MALFORMED
        expiry = int(given["expiry"], 16)
        codes = [self._code(key, plan, caller, expiry) for key in self.keys]
        known = any(hmac.compare_digest(_call_part(each), given["call"]) for each in codes)
        whole = any(hmac.compare_digest(each, code) for each in codes)
        if not known:
            return CodeVerdict.OTHER_CALL
        if expiry <= now.timestamp():
            return CodeVerdict.EXPIRED
        return CodeVerdict.CONFIRMED if whole else CodeVerdict.OTHER_EFFECTS

    def _code(self, key: bytes, plan: Plan, caller: Caller, expiry: int) -> str:
        call = _call(self.server, plan, caller, expiry)
        what = [call, _effects(plan)]
        body = "-".join(
            (
                f"{expiry:08x}",
                _mac(key, ["call", call])[:_CALL_CHARS],
                _mac(key, ["plan", what])[:_EFFECTS_CHARS],
            )
        )
        return f"{body}-{_check(body)}"


def _call(server: str, plan: Plan, caller: Caller, expiry: int) -> list[object]:
    act = plan.act
    arguments = {name: value for name, value in act.arguments.items() if value is not None}
    return [server, caller.issuer, caller.subject, act.tool, act.namespace, arguments, expiry]


def _effects(plan: Plan) -> list[object]:
    """Independent of the order in which things were read."""
    blockers = sorted(blocker.code for blocker in plan.blockers)
    return [sorted(effect.identity for effect in plan.effects), blockers]


def _mac(key: bytes, what: list[object]) -> str:
    text = json.dumps(what, sort_keys=True, separators=(",", ":")).encode()
    return _letters(hmac.digest(key, text, hashlib.sha256))


def _check(body: str) -> str:
    return _letters(hashlib.sha256(body.encode()).digest())[:_CHECK_CHARS]


def _letters(digest: bytes) -> str:
    return base64.b32encode(digest).decode().lower()


def _call_part(code: str) -> str:
    return code.split("-")[1]
