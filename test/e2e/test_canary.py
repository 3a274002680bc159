"""No password comes out of a server. Runs last, when every server has said all it had to say."""

import base64

from test.e2e.births import Birth
from test.e2e.canary import Canary
from test.e2e.room import Room


def test_no_password_was_ever_said(canary: Canary, birth: Birth) -> None:
    said = canary.said()
    assert said
    assert canary.escaped_in(said) == 0


def test_a_password_that_is_said_would_be_heard(room: Room, canary: Canary, birth: Birth) -> None:
    secret = birth.status["connection"]["secret"]["name"]
    password = room.admin.secret(room.namespace, secret)["password"]
    assert canary.escaped_in([f"the password is {password}."]) == 1
    assert canary.escaped_in([base64.b64encode(password.encode()).decode()]) == 1
