"""What label and field selectors select, and which texts are none."""

import pytest

from cnpg_mcp.demo.kubernetes import naming, selectors
from cnpg_mcp.demo.kubernetes.failures import Failure

LABELLED = {
    "none": {},
    "web": {"app": "web", "tier": "front", "weight": "3"},
    "db": {"app": "db", "weight": "10"},
    "odd": {"app": "", "in": "x", "a.b/c": "1", "weight": "heavy"},
}


def chosen(text):
    """The names of those that a label selector selects."""
    selected = selectors.labels(text)
    return [name for name, labels in LABELLED.items() if selected({"metadata": {"labels": labels}})]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["none", "web", "db", "odd"]),
        ("  ", ["none", "web", "db", "odd"]),
        ("app=web", ["web"]),
        ("app==web", ["web"]),
        (" app = web ", ["web"]),
        ("app!=web", ["none", "db", "odd"]),
        ("app=", ["odd"]),
        ("app", ["web", "db", "odd"]),
        ("!app", ["none"]),
        ("! app", ["none"]),
        ("app in (web,db)", ["web", "db"]),
        ("app in ( web , db )", ["web", "db"]),
        ("app in ()", ["odd"]),
        ("app in (,web)", ["web", "odd"]),
        ("app notin (web,db)", ["none", "odd"]),
        ("app,tier", ["web"]),
        ("app!=db,weight", ["web", "odd"]),
        ("app=web,tier in (front,back),!in", ["web"]),
        ("weight>3", ["db"]),
        ("weight<10", ["web"]),
        ("in", ["odd"]),
        ("in in (x)", ["odd"]),
        ("a.b/c=1", ["odd"]),
        ("app=web,app=db", []),
    ],
)
def test_labels_select(text, names):
    assert chosen(text) == names


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a=b=c", "found '=', expected: ',' or 'end of string'"),
        ("a in", "unable to parse requirement: found '' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("a,", "found '', expected: identifier after ','"),
        ("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a>x", "the value must be an integer"),
        ("-a", 'Invalid value: "-a": name part must consist'),
        ("a=b/c", 'values[0][a]: Invalid value: "b/c": a valid label must'),
        ("a=" + "x" * 64, "must be no more than 63 bytes"),
        ("(" * 1000, "found '('"),
    ],
)
def test_what_is_no_label_selector_is_refused(text, told):
    with pytest.raises(Failure) as refused:
        selectors.labels(text)
    assert refused.value.status == 400
    assert told in refused.value.message


def test_a_selector_that_asks_for_nothing_says_so():
    assert not selectors.labels("")
    assert selectors.labels("a")


# --- fields ---

KNOWN = {
    "metadata.name": lambda obj: obj["name"],
    "spec.path": lambda obj: obj["path"],
}
PLACES = ({"name": "a", "path": "x,y"}, {"name": "b", "path": "x=y"}, {"name": "c", "path": "\\"})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "abc"),
        (",", "abc"),
        ("=", "abc"),
        ("metadata.name=a", "a"),
        ("metadata.name==a", "a"),
        ("metadata.name!=a", "bc"),
        ("metadata.name!=a,metadata.name!=b", "c"),
        ("metadata.name=", ""),
        ("spec.path=x\\,y", "a"),
        ("spec.path=x\\=y", "b"),
        ("spec.path=\\\\", "c"),
    ],
)
def test_fields_select(text, names):
    selected = selectors.fields(text, KNOWN)
    assert "".join(each["name"] for each in PLACES if selected(each)) == names


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"),
        ("spec.size=1", "field label not supported: spec.size"),
        ("metadata.name=a=b", "invalid field selector: unescaped character in value: 61"),
        ("metadata.name=a\\b", "invalid field selector: invalid escape sequence: \\b"),
    ],
)
def test_what_is_no_field_selector_is_refused(text, told):
    with pytest.raises(Failure) as refused:
        selectors.fields(text, KNOWN)
    assert (refused.value.status, refused.value.message) == (400, told)


# --- names ---


@pytest.mark.parametrize(
    ("check", "text", "fits"),
    [
        (naming.subdomain, "with.dot", True),
        (naming.subdomain, "x" * 253, True),
        (naming.subdomain, "x" * 254, False),
        (naming.subdomain, "Capital", False),
        (naming.subdomain, "line\n", False),
        (naming.label, "with.dot", False),
        (naming.label, "x" * 64, False),
        (naming.segment, "system:reader", True),
        (naming.segment, "a/b", False),
        (naming.segment, "..", False),
        (naming.qualified, "example.org/Name_1", True),
        (naming.qualified, "/name", False),
        (naming.qualified, "a/b/c", False),
        (naming.qualified, "", False),
        (naming.label_value, "", True),
        (naming.label_value, "x" * 64, False),
        (naming.data_key, ".dockerconfigjson", True),
        (naming.data_key, "a b", False),
    ],
)
def test_names(check, text, fits):
    assert (check(text) == []) is fits
