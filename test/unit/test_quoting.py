"""Text from the cluster cannot change how the text around it reads."""

import json
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from cnpg_mcp.domain.quoting import LIMIT, cut, named, plain, quoted, quoted_json

HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Co", "Cs"}


@given(st.text())
def test_quoted_text_is_one_json_string_on_one_line(text):
    shown = quoted(text)
    assert shown.startswith('"')
    assert shown.endswith('"')
    assert not any(unicodedata.category(char) in HIDDEN for char in shown)


@given(st.text(max_size=LIMIT, alphabet=st.characters(exclude_categories=["Cs"])))
def test_nothing_within_the_limit_is_lost(text):
    assert json.loads(quoted(text)) == text


@given(st.text(min_size=LIMIT + 1, alphabet=st.characters(exclude_categories=["Cs"])))
def test_longer_text_is_cut_at_the_limit(text):
    assert len(json.loads(quoted(text))) == LIMIT


def test_bidirectional_marks_and_line_breaks_are_escaped():
    assert quoted("a\u202eb\nc\u2028d") == '"a\\u202eb\\nc\\u2028d"'


def test_json_from_the_cluster_stays_on_one_line():
    assert quoted_json({"a": "x\ny", "b": [True]}) == '{"a":"x\\ny","b":[true]}'


@given(st.text())
def test_name_is_bare_only_where_an_object_can_have_it(text):
    name = re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", text, re.ASCII)
    assert named(text) == (text if name else quoted(text, 63))


def test_expected_form_is_left_as_it_is():
    assert plain("10Gi", re.compile("[0-9]+Gi")) == "10Gi"
    assert plain("10Gi\n", re.compile("[0-9]+Gi")) == '"10Gi\\n"'


@given(st.text(), st.integers(1, 20))
def test_cut_text_is_bounded(text, limit):
    assert len(cut(text, limit)) <= limit
