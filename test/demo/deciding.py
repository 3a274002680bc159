"""What becomes of a body: on a real API server, and by the demo's definitions."""

import json
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

from cnpg_mcp.demo.kinds import BY_KIND, KubeObject
from cnpg_mcp.demo.kubernetes.failures import Failure
from cnpg_mcp.demo.operator.admission import Webhooks
from cnpg_mcp.demo.operator.admission.images import DEFAULT as IMAGE
from cnpg_mcp.demo.operator.definitions import definitions
from test.controlplane.api import KubeClient

STRICT = {"dryRun": "All", "fieldValidation": "Strict"}
_DEFINED = {each.kind.kind: each for each in definitions(admission=Webhooks())}


@dataclass(frozen=True)
class Decision:
    """What is compared: how it ended, and why or as what."""

    status: int
    reason: str = ""
    causes: frozenset[tuple[str, str, str]] = frozenset()
    about: tuple[str, str] = ("", "")
    warnings: frozenset[str] = frozenset()
    spec: KubeObject = field(default_factory=dict)
    message: str = ""

    @property
    def outcome(self) -> tuple[Any, ...]:
        """Everything but the whole message, whose causes come in any order."""
        return (self.status, self.reason, self.causes, self.about, self.warnings, self.spec)

    @property
    def introduction(self) -> str:
        """The message up to its causes; of an unreadable body, who could not read it.

        The decoder's own words name types of the operator's source, which are not modelled.
        """
        told = self.message
        for end in (" is invalid", "json: cannot unmarshal", "parsing time"):
            told = told.partition(end)[0]
        return told.partition("cannot be handled as")[2] or told

    @property
    def refusal_without_warnings(self) -> "Decision":
        """`Failure` has no warnings."""
        return self if self.status < 300 else replace(self, warnings=frozenset())


async def really(
    admin: KubeClient, body: KubeObject, *, change: bool = False, dry: bool = True
) -> Decision:
    """The API server's decision, with its webhooks."""
    kind, meta = BY_KIND[body["kind"]], body["metadata"]
    name = meta["name"] if change else ""
    path = kind.path(meta["namespace"], name)
    async with admin.session.request(
        "PUT" if change else "POST",
        path,
        data=json.dumps(body),
        params=STRICT if dry else {},
        headers={"Content-Type": "application/json"},
    ) as response:
        told = [text.split('"', 1)[1][:-1] for text in response.headers.getall("Warning", [])]
        warnings = frozenset(each.replace('\\"', '"') for each in told)
        return _decision(response.status, await response.json(), warnings)


def ours(body: KubeObject, old: KubeObject | None = None) -> Decision:
    """The decision of the demo's definitions, asked in the API server's order."""
    definition = _DEFINED[body["kind"]]
    schema = definition.schema
    assert schema is not None
    before = deepcopy(body)
    if unknown := schema.unknown(body):
        told = ", ".join(f'unknown field "{path}"' for path in unknown)
        message = f"cannot be handled as a {body['kind']}: strict decoding error: {told}"
        return Decision(400, "BadRequest", message=message)
    obj = schema.defaulted(schema.pruned(body))
    warnings: tuple[str, ...] = ()
    try:
        if definition.admission is not None:
            admitted = definition.admission.admit(definition.kind, obj, old)
            obj, warnings = admitted.object, admitted.warnings
        causes = schema.causes(obj, old)
    except Failure as failure:
        return _decision(int(failure.status), failure.body(), frozenset())
    assert body == before, "a body was changed in place"
    if causes:
        shown = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
        details = {"causes": shown, "kind": body["kind"], "group": "postgresql.cnpg.io"}
        message = f'{body["kind"]}.postgresql.cnpg.io "{body["metadata"]["name"]}" is invalid'
        found = {"reason": "Invalid", "message": message, "details": details}
        return _decision(422, found, frozenset())
    return _decision(200 if old else 201, obj, frozenset(warnings))


def _decision(status: int, found: KubeObject, warnings: frozenset[str]) -> Decision:
    if status < 300:
        return Decision(status, warnings=warnings, spec=_elsewhere(found["spec"]))
    details = found.get("details") or {}
    causes = frozenset(
        (each.get("reason", ""), each.get("field", ""), each["message"])
        for each in details.get("causes", ())
    )
    about = (details.get("kind", ""), details.get("group", ""))
    message = found.get("message", "")
    return Decision(status, found.get("reason") or "", causes, about, message=message)


def _elsewhere(spec: KubeObject) -> KubeObject:
    """The spec with the operator's own image, if that is what it has, from our registry."""
    _, _, path = str(spec.get("imageName", "")).partition("/")
    is_default = path == IMAGE.partition("/")[2]
    return {**spec, "imageName": IMAGE} if is_default else spec
