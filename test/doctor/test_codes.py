"""The codes: each is one thing, each is told in the documents, each has its test."""

import re
from pathlib import Path

import pytest

from cnpg_mcp.doctor.findings import Kind
from cnpg_mcp.doctor.inside.checks import KUBERNETES, OTHERS
from cnpg_mcp.doctor.outside.checks import CHECKS
from test.docs import with_part
from test.doctor.table import DOCUMENT, KINDS, codes_tables

TESTS = "".join(path.read_text() for path in sorted(Path(__file__).parent.glob("*.py")))


def test_document_has_the_codes_as_they_are() -> None:
    text = DOCUMENT.read_text()
    assert text == with_part(text, codes_tables()), "run python -m test.doctor.table"


def test_no_code_stands_for_two_things() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_code_is_provoked_by_a_test(kind: Kind) -> None:
    assert f'"{kind.code}"' in TESTS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_code_says_what_it_breaks_and_how_to_repair_it(kind: Kind) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", kind.code)
    assert kind.breaks.endswith(".")
    assert kind.repair.endswith((".", ")."))


def test_every_check_says_what_is_right() -> None:
    assert all(check.__doc__ for check in (*CHECKS, *KUBERNETES, *OTHERS))
