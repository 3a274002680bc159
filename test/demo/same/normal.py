"""Answers without what differs between any two API servers: names, uids, times, versions."""

import re
from itertools import groupby
from typing import Any

from test.demo.same.exchange import Answer, Exchange

_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_AGE = re.compile(r"(\d+[smhdy])+")
_SUFFIX = re.compile(r"[bcdfghjklmnpqrstvwxz2456789]{5}")
_VERSION = re.compile(
    r"((?:in precondition|in object meta|in the precondition|in record):? \(?)\d+"
)
_TOO_OLD = re.compile(r"too old resource version: \d+ \(\d+\)")
_TO_COME = re.compile(r"(Too large resource version: \d+, current:) \d+")
_WHOLE = re.compile(r'Invalid value: "\{.*\}\n?"', re.DOTALL)
_NO_KIND = re.compile(r"Object 'Kind' is missing in '\{.+\}'", re.DOTALL)
_SEVERAL = re.compile(r"is invalid: \[.*\]$", re.DOTALL)
_COMPARED_HEADERS = ("content-type", "retry-after", "allow", "location")

METADATA_ALONE = {
    "CustomResourceDefinition",
    "Deployment",
    "EndpointSlice",
    "Event",
    "Job",
    "Lease",
    "Node",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "ResourceQuota",
    "Service",
    "StorageClass",
}
"""Kinds whose contents a real API server fills with defaults that no tool reads."""


class Normaliser:
    """Makes the answers of one scene comparable. It remembers: uids and versions are numbered."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._uids: dict[str, int] = {}
        self._versions: dict[str, list[str]] = {}

    def normal(self, exchange: Exchange, answer: Answer) -> dict[str, Any]:
        """What is compared of an answer."""
        looked = exchange.look(answer.body) if exchange.look else answer.body
        headers = {key: answer.headers[key] for key in _COMPARED_HEADERS if key in answer.headers}
        return {
            "status": answer.status,
            "headers": self._any(headers),
            "warnings": self._any(list(answer.warnings)),
            "body": self._any(looked),
        }

    def _any(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self._any(each) for each in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        text = text.replace(self._namespace, "{namespace}")
        text = _UID.sub(lambda found: self._uid(found[0]), text)
        text = _TIME.sub(lambda found: "<microtime>" if found[1] else "<time>", text)
        text = _TOO_OLD.sub("too old resource version: <version> (<version>)", text)
        text = _TO_COME.sub(r"\1 <version>", text)
        text = _SEVERAL.sub("is invalid: <several causes>", text)
        text = _NO_KIND.sub("Object 'Kind' is missing in '<the whole object>'", text)
        text = _WHOLE.sub('Invalid value: "<the whole object>"', text)
        return _VERSION.sub(r"\1<version>", text)

    def _uid(self, uid: str) -> str:
        return f"<uid {self._uids.setdefault(uid, len(self._uids) + 1)}>"

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        value = _without_weight(value)
        if value.get("kind") == "Table" and "rows" in value:
            value = {**value, "rows": _without_ages(value)}
        return {self._text(key): self._field(key, each, value) for key, each in value.items()}

    def _field(self, key: str, value: Any, within: dict[str, Any]) -> Any:
        if isinstance(value, str):
            return self._word(key, value, within)
        if isinstance(value, list):
            return self._listed(key, value)
        return self._any(value)

    def _word(self, key: str, value: str, within: dict[str, Any]) -> str:
        if key == "continue" and value:
            return "<token>"
        if key == "resourceVersion" and value.isdigit():
            return self._version(value, within.get("uid"))
        if key == "name" and within.get("generateName"):
            return _generated(value, within["generateName"])
        return self._text(value)

    def _listed(self, key: str, value: list[Any]) -> Any:
        if key == "managedFields" and value:
            return "<managed fields>"
        if key == "columnDefinitions":
            return [{k: v for k, v in each.items() if k != "description"} for each in value]
        return _as_a_set(self._any(value)) if key == "causes" else self._any(value)

    def _version(self, version: str, uid: object) -> str:
        """Which of the versions of an object this is, by order of appearance."""
        if not isinstance(uid, str):
            return "<version>"
        seen = self._versions.setdefault(uid, [])
        if version not in seen:
            seen.append(version)
        return f"<version {seen.index(version) + 1}>"


def _as_a_set(causes: list[Any]) -> list[Any]:
    """In one order, each once: the real server has neither order nor count in all cases."""
    return [each for each, _ in groupby(sorted(causes, key=str))]


def _without_weight(value: dict[str, Any]) -> dict[str, Any]:
    """Without the contents of objects, and of a list's objects, that are not compared."""
    kind = str(value.get("kind"))
    if kind in METADATA_ALONE and "metadata" in value:
        return {key: value[key] for key in ("apiVersion", "kind", "metadata") if key in value}
    if kind.removesuffix("List") in METADATA_ALONE and isinstance(value.get("items"), list):
        kept = ("apiVersion", "kind", "metadata")
        light = [{key: each[key] for key in kept if key in each} for each in value["items"]]
        return {**value, "items": light}
    return value


def _without_ages(table: dict[str, Any]) -> list[Any]:
    return [
        {**row, "cells": [_without_age(cell) for cell in row["cells"]]} for row in table["rows"]
    ]


def _without_age(cell: object) -> object:
    return "<age>" if isinstance(cell, str) and _AGE.fullmatch(cell) else cell


def _generated(name: str, prefix: str) -> str:
    """The generated name by its form."""
    suffix = name.removeprefix(prefix)
    return f"{prefix}<generated>" if _SUFFIX.fullmatch(suffix) else name
