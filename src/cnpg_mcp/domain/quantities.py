"""Kubernetes quantities as numbers, where they have to be checked or compared."""

from decimal import Decimal


def amount(text: str | float | None) -> Decimal | None:
    """The number that a quantity such as `220Mi` stands for, `None` when it is none."""
    # Imported late: tools/list must not wait for the Kubernetes client (docs/performance.md).
    from kubernetes.utils.quantity import parse_quantity  # noqa: PLC0415

    if text is None or text == "":
        return None
    try:
        return Decimal(parse_quantity(text))
    except (ValueError, ArithmeticError):
        return None
