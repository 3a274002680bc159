"""What names, label keys and label values may look like, and what is said where they do not."""

import re
from collections.abc import Callable

Check = Callable[[str], list[str]]
"""What is wrong with a text."""

_LABEL_PATTERN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN_PATTERN = rf"{_LABEL_PATTERN}(\.{_LABEL_PATTERN})*"
_NAME_PATTERN = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE_PATTERN = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_DATA_KEY_PATTERN = "[-._a-zA-Z0-9]+"
_LONGEST_LABEL, _LONGEST_SUBDOMAIN = 63, 253

_LABEL_TOLD = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and"
    " must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used"
    f" for validation is '{_LABEL_PATTERN}')"
)
_SUBDOMAIN_TOLD = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
    f" for validation is '{_SUBDOMAIN_PATTERN}')"
)
_NAME_TOLD = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
    " alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for"
    f" validation is '{_NAME_PATTERN}')"
)
_VALUE_TOLD = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.',"
    " and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or"
    f" '12345', regex used for validation is '{_VALUE_PATTERN}')"
)
_DATA_KEY_TOLD = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',"
    f"  or 'KEY_NAME',  or 'key-name', regex used for validation is '{_DATA_KEY_PATTERN}')"
)


def subdomain(text: str) -> list[str]:
    """What is wrong with the name of most objects."""
    return [*_too_long(text, _LONGEST_SUBDOMAIN, "characters"), *_unlike(text, *_SUBDOMAIN)]


def label(text: str) -> list[str]:
    """What is wrong with the name of a namespace or service."""
    if "." in text:
        return ["must not contain dots"]
    return [*_too_long(text, _LONGEST_LABEL, "characters"), *_unlike(text, *_LABEL)]


def segment(text: str) -> list[str]:
    """What is wrong with a name that only has to fit between two slashes."""
    if text in (".", ".."):
        return [f"may not be '{text}'"]
    return [f"may not contain '{sign}'" for sign in "/%" if sign in text]


def qualified(text: str) -> list[str]:
    """What is wrong with the key of a label or annotation, or with a finalizer."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        told = f"a qualified name {_NAME_TOLD} with an optional DNS subdomain prefix and '/'"
        return [f"{told} (e.g. 'example.com/MyName')"]
    problems = []
    if slash and not prefix:
        problems.append("prefix part must be non-empty")
    elif prefix:
        problems += [f"prefix part {each}" for each in subdomain(prefix)]
    if not name:
        problems.append("name part must be non-empty")
    problems += [f"name part {each}" for each in _too_long(name, _LONGEST_LABEL, "bytes")]
    return [*problems, *(f"name part {each}" for each in _unlike(name, *_NAME))]


def label_value(text: str) -> list[str]:
    """What is wrong with the value of a label."""
    return [*_too_long(text, _LONGEST_LABEL, "bytes"), *_unlike(text, *_VALUE)]


def data_key(text: str) -> list[str]:
    """What is wrong with a key of a Secret or ConfigMap."""
    return [*_too_long(text, _LONGEST_SUBDOMAIN, "bytes"), *_unlike(text, *_DATA_KEY)]


_SUBDOMAIN = (re.compile(_SUBDOMAIN_PATTERN), _SUBDOMAIN_TOLD)
_LABEL = (re.compile(_LABEL_PATTERN), _LABEL_TOLD)
_NAME = (re.compile(_NAME_PATTERN), _NAME_TOLD)
_VALUE = (re.compile(_VALUE_PATTERN), _VALUE_TOLD)
_DATA_KEY = (re.compile(_DATA_KEY_PATTERN), _DATA_KEY_TOLD)


def _too_long(text: str, most: int, unit: str) -> list[str]:
    return [f"must be no more than {most} {unit}"] if len(text) > most else []


def _unlike(text: str, pattern: re.Pattern[str], told: str) -> list[str]:
    return [] if pattern.fullmatch(text) else [told]
