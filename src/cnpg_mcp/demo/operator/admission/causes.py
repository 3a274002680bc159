"""Causes in the words of CloudNativePG's webhooks."""

import json

from cnpg_mcp.demo.kubernetes.failures import Cause


def invalid(field: str, value: object, why: str) -> Cause:
    """A value that may not be; shown as JSON, without blanks."""
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", field)


def forbidden(field: str, why: str) -> Cause:
    """A field that may not be there."""
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def required(field: str, why: str) -> Cause:
    """A field that has to be there."""
    return Cause("FieldValueRequired", f"Required value: {why}", field)


def duplicate(field: str, value: str) -> Cause:
    """A value that is there already."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {json.dumps(value)}", field)
