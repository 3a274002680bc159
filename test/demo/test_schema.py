"""The schema language: what it accepts, fills in, and says."""

from typing import Any

import pytest

from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.kubernetes.schema import (
    NOT_CHECKED,
    anything,
    boolean,
    fields_of,
    immutable,
    integer,
    listed,
    mapping,
    obj,
    root,
    rule,
    text,
)

_DATED = "spec.until in body must be of type date-time"
NO_DAY = "2030-02-30T00:00:00Z"
ROLE = obj(required={"name": text()}, login=boolean(), limit=integer(low=-1, default=-1))
SCHEMA = root(
    required={
        "spec": obj(
            required={"name": text(rules=(immutable("name is immutable"),))},
            rules=(rule("a is not for b", lambda spec: not {"a", "b"} <= spec.keys()),),
            a=text(one_of="x y"),
            b=text(pattern="^[0-9]+$", at_least=2),
            size=integer(low=1, high=3, default=1),
            until=text(date=True),
            roles=listed(ROLE, key="name", at_most=3),
            labels=mapping(text()),
            options=obj(default={}, on=boolean(default=True)),
            rest=anything(),
        )
    }
)


def _object(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Thing", "metadata": {}, "spec": {"name": "n", **spec}}


def _causes(**spec: Any) -> list[tuple[str, str, str]]:
    found = SCHEMA.causes(_object(**spec), None)
    return [(each.reason[5:], each.field, each.message) for each in found if each != NOT_CHECKED]


def test_what_fits_has_no_causes():
    full = _object(a="x", size=2, roles=[{"name": "r", "login": True}], labels={"k": "v"})
    assert SCHEMA.causes(full, None) == []
    assert SCHEMA.unknown(full) == []


def test_unknown_fields_are_named_by_path_in_order():
    body = {**_object(sice=1, roles=[{"name": "a"}, {"name": "b", "lgin": True}]), "extra": 1}
    body["metadata"] = {"nme": "x", "labels": {"any": "thing"}}
    expected = ["extra", "metadata.nme", "spec.roles[1].lgin", "spec.sice"]
    assert SCHEMA.unknown(body) == expected


def test_unknown_fields_are_pruned_and_what_is_not_modelled_is_kept():
    pruned = SCHEMA.pruned(_object(sice=1, rest={"any": [1]}, roles=[{"name": "a", "lgin": 1}]))
    assert pruned["spec"] == {"name": "n", "rest": {"any": [1]}, "roles": [{"name": "a"}]}


def test_defaults_are_filled_in_also_inside_defaults_and_lists():
    spec = SCHEMA.defaulted(_object(roles=[{"name": "a"}]))["spec"]
    assert spec["size"] == 1
    assert spec["options"] == {"on": True}
    assert spec["roles"] == [{"name": "a", "limit": -1}]


def test_null_counts_as_absent_in_objects_but_not_in_lists():
    found = SCHEMA.defaulted(_object(a=None, size=None, labels={"k": None}, roles=[None]))["spec"]
    assert "a" not in found
    assert found["size"] == 1
    assert found["labels"] == {}
    assert found["roles"] == [None]


def test_bodies_are_not_changed_in_place():
    body = _object(roles=[{"name": "a", "x": 1}], options=None)
    SCHEMA.defaulted(SCHEMA.pruned(body))
    assert body == _object(roles=[{"name": "a", "x": 1}], options=None)


def test_defaults_are_not_shared_between_objects():
    SCHEMA.defaulted(_object())["spec"]["options"]["on"] = False
    assert SCHEMA.defaulted(_object())["spec"]["options"] == {"on": True}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            {"size": 0},
            (
                "ValueInvalid",
                "spec.size",
                "Invalid value: 0: spec.size in body should be greater than or equal to 1",
            ),
        ),
        (
            {"size": 4},
            (
                "ValueInvalid",
                "spec.size",
                "Invalid value: 4: spec.size in body should be less than or equal to 3",
            ),
        ),
        (
            {"size": True},
            (
                "ValueTypeInvalid",
                "spec.size",
                'Invalid value: "boolean": spec.size in body must be of type integer: "boolean"',
            ),
        ),
        (
            {"labels": {"k": 1}},
            (
                "ValueTypeInvalid",
                "spec.labels.k",
                'Invalid value: "integer": spec.labels.k in body must be of type string: "integer"',
            ),
        ),
        (
            {"a": "z"},
            ("ValueNotSupported", "spec.a", 'Unsupported value: "z": supported values: "x", "y"'),
        ),
        (
            {"b": "x1"},
            (
                "ValueInvalid",
                "spec.b",
                "Invalid value: \"x1\": spec.b in body should match '^[0-9]+$'",
            ),
        ),
        (
            {"b": "1"},
            (
                "ValueInvalid",
                "spec.b",
                'Invalid value: "1": spec.b in body should be at least 2 chars long',
            ),
        ),
        (
            {"until": NO_DAY},
            (
                "ValueTypeInvalid",
                "spec.until",
                f'Invalid value: "{NO_DAY}": {_DATED}: "{NO_DAY}"',
            ),
        ),
        ({"roles": [{}]}, ("ValueRequired", "spec.roles[0].name", "Required value")),
        (
            {"roles": [{"name": "a"}, {"name": "a"}]},
            ("ValueDuplicate", "spec.roles[1]", 'Duplicate value: {"name":"a"}'),
        ),
        (
            {"roles": [{"name": str(number)} for number in range(4)]},
            ("ValueTooMany", "spec.roles", "Too many: 4: must have at most 3 items"),
        ),
        ({"a": "x", "b": "11"}, ("ValueInvalid", "spec", "Invalid value: a is not for b")),
    ],
)
def test_a_fault_is_told_in_the_words_of_an_api_server(spec, expected):
    assert _causes(**spec) == [expected]


@pytest.mark.parametrize(
    ("time", "accepted"),
    [
        ("2030-01-01T00:00:00Z", True),
        ("2030-01-01T00:00:00.25+02:00", True),
        ("0000-01-01T00:00:00Z", True),
        ("2030-01-01", False),
        ("2030-01-01T00:00:00", False),
        ("tomorrow", False),
    ],
)
def test_times_need_a_zone(time, accepted):
    assert (_causes(until=time) == []) == accepted


def test_a_whole_number_may_be_written_as_a_fraction():
    assert _causes(size=2.0) == []
    assert _causes(size=2.5) != []


def test_required_fields_are_missed():
    assert SCHEMA.causes({"metadata": {}}, None) == [
        Cause("FieldValueRequired", "Required value", "spec"),
        NOT_CHECKED,
    ]


def test_rules_wait_until_types_are_right():
    found = SCHEMA.causes(_object(a="z", b="11"), None)
    assert found[-1] == NOT_CHECKED
    assert not any("a is not for b" in each.message for each in found)


def test_rules_are_looked_at_beside_bounds():
    assert len(_causes(a="x", b="1")) == 2


def test_what_is_immutable_may_stay_and_not_change():
    assert SCHEMA.causes(_object(), _object()) == []
    found = SCHEMA.causes(_object(name="other"), _object())
    expected = 'Invalid value: "other": name is immutable'
    assert found == [Cause("FieldValueInvalid", expected, "spec.name")]


def test_a_rule_that_needs_an_absent_field_cannot_be_evaluated():
    needing = rule("b is only with a", lambda spec: spec.get("a") == "x", needs="a")
    schema = root(required={"spec": obj(rules=(needing,), a=text(), b=text())})
    found = schema.causes({"metadata": {}, "spec": {"b": "1"}}, None)
    told = 'Invalid value: "object": no such key: a evaluating rule: b is only with a'
    assert [each.message for each in found] == [told]


@pytest.mark.parametrize("spec", [None, 1, "x", [], [1], True, 1.5])
def test_any_json_is_answered(spec):
    body = {"metadata": {}, "spec": spec}
    SCHEMA.unknown(body)
    assert SCHEMA.causes(SCHEMA.defaulted(SCHEMA.pruned(body)), None)


def test_fields_are_listed_with_their_paths():
    paths = {path for path, _ in fields_of(SCHEMA.node)}
    assert {"spec.roles[].login", "spec.labels{}", "metadata.name"} <= paths
