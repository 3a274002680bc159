"""The webhooks of one kind, in the order in which an API server calls them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from http import HTTPStatus

from cnpg_mcp.demo.kinds import Kind, KubeObject
from cnpg_mcp.demo.kubernetes.definitions import Admitted
from cnpg_mcp.demo.kubernetes.failures import Cause, Failure, group, invalid
from cnpg_mcp.demo.kubernetes.schema import TreeSchema

VALIDATION = "cnpg.io/validation"
_SERVICE = "https://cnpg-webhook-service.cnpg-system.svc:443"
_REFUSED = "dial tcp 10.96.0.43:443: connect: connection refused"
_UNCHECKED = (
    "validation webhook is disabled \N{EM DASH} all changes are accepted without validation."
    " This may lead to unsafe or destructive operations. Proceed with extreme caution."
)
_TYPES_IN_GO = {"boolean": "bool", "integer": "int", "array": "slice", "object": "struct"}
_QUANTITIES = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)

Mutate = Callable[[KubeObject], KubeObject]
Validate = Callable[[KubeObject], Iterable[Cause]]
ValidateChange = Callable[[KubeObject, KubeObject], Iterable[Cause]]
Warn = Callable[[KubeObject], Iterable[str]]


class Undecodable(ValueError):
    """An object that the operator cannot read."""


def unquantified() -> Undecodable:
    """Something that is no quantity stands where one has to be."""
    return Undecodable(_QUANTITIES)


def _as_is(obj: KubeObject) -> KubeObject:
    return obj


def _nothing(_: KubeObject) -> Iterable[Cause]:
    return ()


def _nothing_new(_: KubeObject, __: KubeObject) -> Iterable[Cause]:
    return ()


def _silence(_: KubeObject) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class KindWebhooks:
    """Defaults, then the schema, then validation."""

    schema: TreeSchema
    mutate: Mutate = _as_is
    validate: Validate = _nothing
    validate_change: ValidateChange = _nothing_new
    warn: Warn = _silence
    mutates: bool = True
    """Whether there is a mutating webhook; it also reads the object, before the schema does."""
    called: str = ""
    """The kind as messages name it, where that is not its name."""
    group_of_changes: str = ""
    may_be_disabled: bool = False

    def admit(self, kind: Kind, new: KubeObject, old: KubeObject | None) -> Admitted:
        """The object with the webhook's defaults.

        The schema is looked at in between, as an API server does: call this before it.

        Raises:
            Failure: 422 with causes, or 400 where types make it unreadable.
        """
        obj = self._mutated(kind, new) if self.mutates else new
        self._check_schema(kind, obj, old)
        switch = (obj["metadata"].get("annotations") or {}).get(VALIDATION, "")
        if self.may_be_disabled and switch == "disabled":
            return Admitted(obj, (_UNCHECKED,))
        self._validate(kind, obj, old)
        return Admitted(obj, (*self._about_switch(switch), *self.warn(obj)))

    def unanswered(self, kind: Kind, new: KubeObject, old: KubeObject | None) -> Failure:
        """What a write comes to while the operator does not answer: 500.

        Raises:
            Failure: 422, where the schema is looked at before the first webhook.
        """
        if not self.mutates:
            self._check_schema(kind, new, old)
        return _unanswered(kind, mutating=self.mutates)

    def _check_schema(self, kind: Kind, obj: KubeObject, old: KubeObject | None) -> None:
        if causes := self.schema.causes(obj, old):
            raise invalid(kind, obj["metadata"]["name"], causes)

    def _mutated(self, kind: Kind, new: KubeObject) -> KubeObject:
        if ill_typed := self.schema.ill_typed(new):
            raise _unreadable(kind, _in_go(kind, ill_typed[0]))
        try:
            return self.mutate(new)
        except Undecodable as error:
            raise _unreadable(kind, str(error)) from error

    def _validate(self, kind: Kind, obj: KubeObject, old: KubeObject | None) -> None:
        causes = [*self.validate(obj)]
        if old is not None:
            causes += self.validate_change(obj, old)
        if causes:
            prefix = f'admission webhook "v{_short(kind)}" denied the request: '
            raise invalid(self._named(kind, old), obj["metadata"]["name"], causes, prefix)

    def _named(self, kind: Kind, old: KubeObject | None) -> Kind:
        """The kind as the webhook calls it in a refusal."""
        owner = self.group_of_changes if old is not None else ""
        return replace(
            kind,
            kind=self.called or kind.kind,
            api_version=f"{owner or group(kind)}/v1",
        )

    def _about_switch(self, switch: str) -> tuple[str, ...]:
        if not self.may_be_disabled or switch in ("", "enabled"):
            return ()
        told = f'invalid "{VALIDATION}" annotation: "{switch}"'
        return (f'{told} (expected "enabled" or "disabled")',)


def _short(kind: Kind) -> str:
    return f"{kind.kind.lower()}.cnpg.io"


def _in_go(kind: Kind, cause: Cause) -> str:
    """The decoder's words for a value of the wrong type."""
    wanted = cause.message.rpartition("must be of type ")[2].partition(":")[0]
    found = cause.message.rpartition(": ")[2].strip('"').replace("integer", "number")
    path = "".join(part.partition("]")[2] or part for part in cause.field.split("["))
    place = f"{kind.kind}Spec.{path}"
    return (
        f"json: cannot unmarshal {found} into Go struct field {place}"
        f" of type {_TYPES_IN_GO.get(wanted, wanted)}"
    )


def _unreadable(kind: Kind, why: str) -> Failure:
    message = f'admission webhook "m{_short(kind)}" denied the request: {why}'
    return Failure(HTTPStatus.BAD_REQUEST, "", message)


def _unanswered(kind: Kind, *, mutating: bool) -> Failure:
    act, letter = ("mutate", "m") if mutating else ("validate", "v")
    path = f"{act}-postgresql-cnpg-io-v1-{kind.kind.lower()}"
    told = (
        f'failed calling webhook "{letter}{_short(kind)}": failed to call webhook:'
        f' Post "{_SERVICE}/{path}?timeout=10s": {_REFUSED}'
    )
    return Failure(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "InternalError",
        f"Internal error occurred: {told}",
        {"causes": [{"message": told}]},
    )
