"""The audit log: one line a call, one before anything is destroyed, and nothing done without it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cnpg_mcp.kube.client import Kube
from test.contract.calls import CALLS
from test.contract.destructive import KINDS, Form
from test.contract.planning import planned
from test.contract.planted import state
from test.contract.servers import Desk

forms = pytest.mark.parametrize("form", KINDS.values(), ids=KINDS)
Line = dict[str, Any]


def lines(log: Path) -> list[Line]:
    """All records; each is one line of JSON."""
    return [json.loads(line) for line in text(log).splitlines()]


def text(log: Path) -> str:
    """All that was written."""
    return log.read_text() if log.exists() else ""


class Watched(Kube):
    """Notes for each write how many records there were before it."""

    def __init__(self, kube: Kube, log: Path) -> None:
        super().__init__(kube._transport)
        self.log = log
        self.seen: list[list[str]] = []

    def _note(self, options: dict[str, Any]) -> None:
        if not options.get("dry_run"):
            self.seen.append([line["event"] for line in lines(self.log)])

    async def create(self, *args: Any, **options: Any) -> Any:
        self._note(options)
        return await super().create(*args, **options)

    async def patch(self, *args: Any, **options: Any) -> Any:
        self._note(options)
        return await super().patch(*args, **options)

    async def delete(self, *args: Any, **options: Any) -> Any:
        self._note(options)
        return await super().delete(*args, **options)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the audit log goes."""
    return tmp_path / "audit.log"


@pytest.mark.parametrize("tool", CALLS)
async def test_every_call_is_one_line(still: Desk, log: Path, tool: str) -> None:
    mcp = await still.caller(audit_log=log)
    before = datetime.now(UTC)
    answer = await mcp.call(tool, **CALLS[tool])
    (line,) = lines(log)
    assert before <= datetime.fromisoformat(line["time"]) <= datetime.now(UTC)
    assert (line["event"], line["tool"]) == ("call", tool)
    assert line["request_id"]
    assert line["arguments"].keys() == CALLS[tool].keys()
    assert line["caller"]["issuer"] == "kubeconfig"
    assert line["caller"]["subject"].startswith(still.kubeconfig.name)
    assert line["outcome"] == answer.content.get("outcome", "read")
    assert 0 < line["ms"] < 60_000


REFUSED = {
    "not_found": {"name": "nowhere"},
    "invalid": {"name": 7},
    "blocked": {"name": "pg", "namespace": "elsewhere"},
}


@pytest.mark.parametrize(("code", "arguments"), REFUSED.items())
async def test_refused_calls_are_a_line_too(
    still: Desk, log: Path, code: str, arguments: dict[str, Any]
) -> None:
    mcp = await still.caller(audit_log=log, allowed_namespaces=(still.site.namespace,))
    await mcp.refused("get_cluster_status", **arguments)
    (line,) = lines(log)
    assert (line["outcome"], line["error"]) == ("refused", code)


async def test_values_of_unknown_arguments_are_not_kept(still: Desk, log: Path) -> None:
    mcp = await still.caller(audit_log=log)
    await mcp.refused("get_cluster_status", name="pg", password="hunter2-canary")
    assert "password" in text(log)
    assert "hunter2-canary" not in text(log)


@forms
async def test_what_is_destroyed_is_on_record_before_the_first_write(
    own: Desk, log: Path, form: Form
) -> None:
    watched: list[Watched] = []

    def around(kube: Kube) -> Kube:
        watched.append(Watched(kube, log))
        return watched[0]

    mcp = await own.caller(audit_log=log, around=around)
    plan = await planned(mcp, form.tool, **form.arguments)
    code = {"confirmation": plan["confirmation"]}
    done = await mcp.call(form.tool, **form.arguments, **code)
    first, intent, last = lines(log)
    assert [each["event"] for each in (first, intent, last)] == ["call", "intent", "call"]
    assert first["outcome"] == "planned"
    assert {(each["kind"], each["name"]) for each in intent["effects"]} == {
        (each["kind"], each["name"]) for each in plan["effects"]
    }
    assert watched[0].seen
    assert all(seen == ["call", "intent"] for seen in watched[0].seen)
    assert intent["request_id"] == last["request_id"] != first["request_id"]
    assert last["outcome"] == done.content["outcome"]
    assert last["objects"]
    assert all(each["uid"] and each["namespace"] for each in last["objects"])
    assert code["confirmation"] not in text(log)


@pytest.fixture
def nowhere(tmp_path: Path) -> Iterator[Path]:
    """A path that no line can be appended to: it is a folder."""
    yield tmp_path
    assert list(tmp_path.iterdir()) == []


@forms
async def test_without_the_log_nothing_is_destroyed(still: Desk, nowhere: Path, form: Form) -> None:
    before = await state(still.site)
    mcp = await still.caller(audit_log=nowhere)
    plan = await planned(mcp, form.tool, **form.arguments)
    error = await mcp.refused(form.tool, **form.arguments, confirmation=plan["confirmation"])
    assert error["code"] == "unavailable"
    assert await state(still.site) == before
