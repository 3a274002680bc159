"""The walkthrough in the documentation is what the server really answers."""

from test.e2e.desk import ROOT
from test.e2e.walkthrough import written

DOCUMENT = ROOT / "docs/walkthrough.md"
REMAKE = "python -m test.e2e.walkthrough > docs/walkthrough.md"


def test_walkthrough_is_what_the_server_answers() -> None:
    assert written() == DOCUMENT.read_text(), f"to make it anew, and to review it: {REMAKE}"
