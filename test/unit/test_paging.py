"""Cursors are bound to their question, and pages of lists made here neither repeat nor drop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.domain.paging import ListQuery, page_of
from cnpg_mcp.kube.cursors import Position, decode_cursor, encode_cursor
from cnpg_mcp.kube.errors import CursorError

QUESTION = ("shop", False, "team=shop", None)


@given(st.text(), st.text())
def test_cursor_leads_back_to_its_position(namespace, token):
    position = Position(namespace, token)
    assert decode_cursor(QUESTION, encode_cursor(QUESTION, position)) == position


@given(st.text(max_size=80))
def test_made_up_cursor_is_refused(cursor):
    with pytest.raises(CursorError):
        decode_cursor(QUESTION, cursor)


def test_cursor_of_another_question_is_refused():
    cursor = encode_cursor(QUESTION, Position("", "token"))
    with pytest.raises(CursorError):
        decode_cursor(("orders", False, "team=shop", None), cursor)


@given(st.sets(st.text(min_size=1)), st.integers(1, 7))
def test_pages_together_are_the_list(names, limit):
    seen, cursor = [], None
    while True:
        query = ListQuery("shop", "pg", limit, cursor)
        page, cursor = page_of(list(names), query, key=lambda name: name)
        seen += page
        if cursor is None:
            break
        assert len(page) == limit
    assert seen == sorted(names)


def test_row_that_appears_between_pages_shifts_nothing():
    first, cursor = page_of(["b", "d"], ListQuery(None, "pg", 1), key=str)
    rest, _ = page_of(["a", "b", "c", "d"], ListQuery(None, "pg", 5, cursor), key=str)
    assert (list(first), list(rest)) == (["b"], ["c", "d"])
