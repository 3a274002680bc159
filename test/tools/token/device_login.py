"""Logging in on another device (RFC 8628)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from test.tools.speech import Failure, Speech, refuse, told
from test.tools.token.endpoint import Application, Refused
from test.tools.token.options import Options
from test.tools.token.provider import Unreachable
from test.tools.token.tokens import Tokens

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_PACE, _SLOWER = 5.0, 5.0
_AGAIN = "start again."


@dataclass(frozen=True)
class Clock:
    """Time as a login needs it; tests have their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def log_in(application: Application, options: Options, clock: Clock | None = None) -> Tokens:
    """The tokens of whoever types the code in on another device.

    Raises:
        Refused: the provider says why not.
        Failure: the provider knows no device logins, or nobody logs in.
    """
    clock = clock or Clock()
    if application.provider.device is None:
        refuse(
            "The provider knows no logins on other devices.",
            "log in on a machine with a browser and copy the token file.",
        )
    started = application.post(
        application.provider.device,
        client_id=options.client_id,
        scope=options.scope,
        audience=options.audience,
        resource=options.resource,
    )
    code = _needed(started, "device_code")
    application.speech.keep_secret(code)
    _show(application.speech, started)
    patience = min(options.timeout, _seconds(started, "expires_in", options.timeout))
    pace = _seconds(started, "interval", _PACE)
    return _poll(application, code, clock, clock.now() + patience, pace)


def _poll(
    application: Application, code: str, clock: Clock, deadline: float, pace: float
) -> Tokens:
    while clock.now() + pace < deadline:
        clock.sleep(pace)
        try:
            return application.tokens(GRANT, device_code=code)
        except Refused as refused:
            if refused.code == "slow_down":
                pace += _SLOWER
            elif refused.code != "authorization_pending":
                raise _ended(refused) from None
        except Unreachable:
            pace *= 2  # section 3.5: a lost connection is tried again, less often
    raise Failure("Nobody has logged in in time.", _AGAIN)


def _ended(refused: Refused) -> Failure:
    if refused.code == "expired_token":
        return Failure("The code has expired.", _AGAIN)
    if refused.code == "access_denied":
        return Failure("The login was refused.", _AGAIN)
    return refused.failure()


def _show(speech: Speech, started: Mapping[str, Any]) -> None:
    address, code = _needed(started, "verification_uri"), _needed(started, "user_code")
    speech.say(f"On any device open  {told(address)}")
    speech.say(f"and enter the code  {told(code)}")
    complete = started.get("verification_uri_complete")
    if isinstance(complete, str):
        speech.say(f"or open at once     {told(complete)}")
    speech.say("\nWaiting for the login ...")


def _seconds(started: Mapping[str, Any], name: str, default: float) -> float:
    value = started.get(name)
    return float(value) if isinstance(value, int | float) and value > 0 else default


def _needed(started: Mapping[str, Any], name: str) -> str:
    value = started.get(name)
    if not isinstance(value, str) or not value:
        refuse(f"The provider answers without {name}.", "log in with a browser instead.")
    return value
