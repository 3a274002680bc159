"""One request, as far as it can be understood without looking at what is stored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cnpg_mcp.demo.kubernetes.access import User
from cnpg_mcp.demo.kubernetes.failures import bad_request

JSON = "application/json"
BYTES_ALLOWED = 3 * 1024 * 1024
"""The bound of a real API server on a body."""
_NUMBERS, _REVISIONS = 2**63, 2**64


@dataclass(frozen=True)
class Request:
    """What arrived. `path` is decoded, `query` has the first value of each name."""

    method: str
    path: str
    user: User
    query: Mapping[str, str]
    body: bytes = b""
    content_type: str = JSON
    accept: str = JSON
    agent: str = "unknown"

    def flag(self, name: str) -> bool:
        """Whether a boolean of the query is set: to anything but `false` and `0`."""
        return name in self.query and self.query[name].lower() not in ("false", "0")

    def number(self, name: str) -> int:
        """A number of the query; 0 where it is absent.

        Raises:
            Failure: 400, where it is none.
        """
        if name not in self.query:
            return 0
        text = self.query[name]
        if not re.fullmatch(r"[-+]?\d{1,100}", text, re.ASCII):
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
        if not -_NUMBERS <= int(text) < _NUMBERS:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": value out of range')
        return int(text)

    def revision(self, name: str, prefix: str = "") -> int | None:
        """A revision of the query; None where it is absent or empty.

        Raises:
            Failure: 400, where it is none.
        """
        text = self.query.get(name, "")
        if not text:
            return None
        is_number = re.fullmatch(r"\d{1,100}", text, re.ASCII)
        if is_number and int(text) < _REVISIONS:
            return int(text)
        why = "value out of range" if is_number else "invalid syntax"
        told = f'strconv.ParseUint: parsing "{text}": {why}'
        raise bad_request(f'{prefix}{name}: Invalid value: "{text}": {told}')

    @property
    def dry_run(self) -> bool:
        """Whether the query asks for a dry run."""
        return self.query.get("dryRun") == "All"

    @property
    def manager(self) -> str:
        """Who writes, as `managedFields` tells it."""
        return self.query.get("fieldManager") or self.agent.partition("/")[0] or "unknown"
