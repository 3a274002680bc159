"""Who owns which fields after a write."""

from cnpg_mcp.demo.kubernetes import managed


def by(manager, operation="Update", **more):
    return {"manager": manager, "operation": operation, **more}


def written(old, new, *who, **more):
    """The new object with its entries."""
    entries = managed.updated(old, new, by(*who, **more))
    return {**new, "metadata": {**new.get("metadata", {}), "managedFields": entries}}


def applied(old, configuration, manager):
    """What an apply makes of an object whose fields nobody else has."""
    entries = managed.applied(old, configuration, configuration, by(manager, "Apply"))
    return {**configuration, "metadata": {"managedFields": entries}}


def owned(obj):
    return {each["manager"]: each["fieldsV1"] for each in obj["metadata"]["managedFields"]}


def test_who_creates_owns_what_is_there_and_no_name():
    made = written(None, {"metadata": {"name": "a", "labels": {"x": "1"}}, "spec": {"n": 1}}, "ann")
    fields = {"f:metadata": {"f:labels": {"f:x": {}}}, "f:spec": {"f:n": {}}}
    assert owned(made) == {"ann": fields}


def test_without_a_field_there_is_no_entry():
    assert owned(written(None, {"metadata": {"name": "a"}}, "ann")) == {}


def test_who_changes_a_field_takes_it():
    made = written(None, {"spec": {"n": 1, "m": [1]}}, "ann")
    changed = written(made, {"spec": {"n": 2, "m": [1]}}, "bob")
    assert owned(changed) == {"ann": {"f:spec": {"f:m": {}}}, "bob": {"f:spec": {"f:n": {}}}}


def test_nobody_owns_what_is_gone():
    made = written(None, {"spec": {"n": 1}}, "ann")
    assert owned(written(made, {"spec": {"m": 1}}, "bob")) == {"bob": {"f:spec": {"f:m": {}}}}


def test_a_status_has_an_entry_of_its_own():
    made = written(None, {"spec": {"n": 1}}, "ann")
    entries = managed.updated(
        made, {"spec": {"n": 1}, "status": {"ok": True}}, by("ann", subresource="status")
    )
    assert [each.get("subresource") for each in entries] == [None, "status"]


def test_what_is_no_longer_applied_is_dropped():
    made = applied(None, {"spec": {"n": 1, "m": 2}}, "ann")
    assert managed.without_dropped(made, {"spec": {"n": 1}}, "ann")["spec"] == {"n": 1}


def test_what_somebody_else_has_set_stays():
    made = applied(None, {"spec": {"n": 1}}, "ann")
    changed = written(made, {"spec": {"n": 1, "m": 2}}, "bob")
    assert managed.without_dropped(changed, {"spec": {}}, "ann")["spec"] == {"m": 2}
    assert managed.without_dropped(changed, {"spec": {}}, "bob")["spec"] == {"n": 1, "m": 2}
