"""Plays a person at a desk and writes down what the server answers: `docs/walkthrough.md`.

    CNPG_MCP_E2E=1 KUBECONFIG=... python -m test.e2e.walkthrough > docs/walkthrough.md

What differs from run to run (namespace, ages, version and image of PostgreSQL) is replaced by
placeholders, so that another run gives the same document.
"""

import json
import os
import re
import signal
import sys
import tempfile
import textwrap
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import yaml

from cnpg_mcp.demo.kinds import BY_PLURAL, KubeObject
from test.controlplane.access import CLUSTER_FACTS, INSTANCE_REPORTS
from test.e2e.admin import Admin
from test.e2e.desk import Answer, Desk, stdio_desk
from test.e2e.room import Room, new_room, why_not
from test.e2e.story import (
    AFTERWARDS,
    CLUSTER,
    CREATION,
    DECLARATION,
    DECLARED,
    END,
    INTRODUCTION,
    NAMESPACE,
    WRITING,
    Step,
)
from test.e2e.waiting import until

STEP_SECONDS = 180
_CODE = re.compile(r"[0-9a-f]{8}-[a-z2-7]{16}-[a-z2-7]{26}-[a-z2-7]{4}")
"""A confirmation code: it differs from run to run."""
WIDTH = 100


def walk(room: Room, desk: Desk) -> str:
    """The document, from a walk through a room that has nothing in it yet."""
    play = Play(room.namespace, desk)
    parts = [INTRODUCTION, *(play.played(step) for step in CREATION)]
    parts.append(DECLARATION.format(manifests=_declare(room)))
    parts += [play.played(step) for step in (*AFTERWARDS, *WRITING)]
    return "\n".join([*parts, END])


@dataclass
class Play:
    """A person who asks one thing after the other, and keeps the codes: the last given and used."""

    namespace: str
    desk: Desk
    code: str = ""
    used: str = ""

    def played(self, step: Step) -> str:
        """One step as the document shows it."""
        if step.confirmed:
            self.used = self.code
        if step.confirmed or step.repeated:
            step = replace(step, arguments={**step.arguments, "confirmation": self.used})
        answer = _answer(step, self.desk)
        self.code = answer.data.get("confirmation", "")
        return _page(step, _stable(answer.text, self.namespace))


def _page(step: Step, answer: str) -> str:
    call = _CODE.sub("<code>", f"{step.tool} {json.dumps(step.arguments)}")
    blocks = [
        f"## {step.heading}",
        _prose(step.before),
        f"> {step.question}",
        f"The assistant calls `{call}`, and the server answers:",
        f"```text\n{answer}\n```",
        _prose(step.after),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _prose(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_on_hyphens=False)


def _answer(step: Step, desk: Desk) -> Answer:
    if step.refused:
        refusal = desk.refused(step.tool, **step.arguments)
        return Answer(refusal.text, refusal.data)

    def answered() -> Answer | None:
        answer = desk.ask(step.tool, **step.arguments)
        return answer if step.is_answered_by(answer.data) else None

    return until(answered, STEP_SECONDS, step.heading)


def _stable(text: str, namespace: str) -> str:
    """The text without what differs from run to run."""
    text = text.replace(namespace, NAMESPACE)
    text = re.sub(r"PostgreSQL \d+(\.\d+)*", "PostgreSQL <version>", text)
    text = re.sub(r'default image "[^"]*"', 'default image "<image>"', text)
    text = _CODE.sub("<code>", text)
    text = re.sub(r"good until \S+Z", "good until <time>", text)
    return re.sub(r"\| (\d+[dhms])+$", "| <age>", text, flags=re.MULTILINE)


def _declare(room: Room) -> str:
    """Creates role, then database, each once the one before is settled; both as YAML."""
    documents = []
    for plural, spec in DECLARED.items():
        body = _manifest(plural, spec)
        room.admin.create(body, room.namespace)
        documents.append(yaml.safe_dump(body, sort_keys=False))
        name = body["metadata"]["name"]
        until(partial(_settled, room, plural, name), STEP_SECONDS, f"{plural} {name}")
    return "---\n".join(documents).rstrip()


def _settled(room: Room, plural: str, name: str) -> bool:
    status = room.admin.get(plural, room.namespace, name).get("status", {})
    return "applied" in status


def _manifest(plural: str, spec: KubeObject) -> KubeObject:
    kind = BY_PLURAL[plural]
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": spec["name"]},
        "spec": {"cluster": {"name": CLUSTER}, **spec},
    }


def written() -> str:
    """The document, from a walk on the cluster that KUBECONFIG names."""
    with (
        new_room(Admin(os.environ["KUBECONFIG"])) as room,
        room.granted(CLUSTER_FACTS),
        room.granted(INSTANCE_REPORTS),
        tempfile.TemporaryDirectory() as folder,
        stdio_desk(room.kubeconfig, Path(folder) / "stderr.log") as desk,
    ):
        return walk(room, desk)


def main() -> None:
    """Prints the document."""
    reason = why_not()
    if reason:
        sys.exit(reason)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.stdout.write(written())


if __name__ == "__main__":
    main()
