"""Kubernetes quantities as numbers, where two have to be compared."""

from decimal import Decimal

from kubernetes.utils.quantity import parse_quantity


def amount(text: str | float | None) -> Decimal | None:
    """The number that a quantity such as `220Mi` stands for, `None` when it is none."""
    if text is None or text == "":
        return None
    try:
        return Decimal(parse_quantity(text))
    except (ValueError, ArithmeticError):
        return None
