"""Kubernetes quantities as numbers, where they have to be checked or compared."""

import re
from decimal import Decimal

from cnpg_mcp.domain.quoting import plain

_QUANTITY = re.compile(
    r"[+-]?(\d{1,19}(\.\d{0,9})?|\.\d{1,9})([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,2})?", re.ASCII
)
"""Kubernetes' own grammar; the client's parser accepts more, such as NaN and 1e9Gi."""


def amount(text: str | float | None) -> Decimal | None:
    """The number that a quantity such as `220Mi` stands for, `None` when it is none."""
    # Imported late: tools/list must not wait for the Kubernetes client (docs/performance.md).
    from kubernetes.utils.quantity import parse_quantity  # noqa: PLC0415

    if text is None or not _QUANTITY.fullmatch(str(text)):
        return None
    return Decimal(parse_quantity(text))


def shown_amount(text: str | float) -> str:
    """A quantity as it was written; quoted when it is none."""
    return plain(str(text), _QUANTITY)
