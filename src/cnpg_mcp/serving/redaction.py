"""What no log line may hold: tokens, codes, passwords, cookies, bodies.

Text comes from outside, so that every pattern is bounded: none takes longer than its text.
"""

import logging
import re
import traceback
from itertools import pairwise

HIDDEN = "***"
_GONE = "\ue000"
"""Stands for it until all patterns are through, so that none takes it for a value."""
MESSAGE_CHARS, TRACE_CHARS = 4_000, 16_000
_SCANNED_CHARS = 65_536
_BLOB_CHARS = 120
_RANDOM_CHANGES = 0.3
"""Random base64 changes between capitals, small letters and digits at 0.63 of its places: of 43
characters one code in 30,000 does so less than this, and of long names of classes three in 100
more."""

_START = r"(?:(?<![\w-])|(?<=3[fb])|(?<=2[36]))"
"""Where a key begins: also behind an encoded `?`, `;`, `#` or `&`, in a URL within a URL."""
_KEYS = (
    r"(?:[\w-]{0,40}(?:token|password|passwd|passphrase|_secret)"
    r"|[\w-]{0,40}(?:api|private|signing|plan)_?key"
    r"|client_?secret|(?:authorization_|device_|user_)?code|code_?verifier|state|txn(?:_id)?|nonce"
    r"|(?:client_)?assertion|confirmation)"
)
_HEADERS = r"(?:(?:proxy-)?authorization|(?:set-)?cookie|x-api-key)"
_QUOTE = r"\\*[\"']"
_ENCODED_SIGN = r"%(?:25){0,3}3"

_QUOTED = re.compile(
    rf"(?P<key>{_START}(?:{_KEYS}|{_HEADERS})(?:{_QUOTE})?"
    rf"(?:\s*(?:[:=]|{_ENCODED_SIGN}[da])\s*|(?<=[\"'])\s*,\s*))"
    rf"(?:b?(?P<quote>{_QUOTE}).*?(?:(?<!\\)(?P=quote)|\Z)"
    rf"|[\[(]\s*(?:b?(?P<each>{_QUOTE}).*?(?:(?<!\\)(?P=each)|\Z)[\s,]*)+)",
    re.IGNORECASE | re.DOTALL,
)
"""`"code": "x"`, `{'code': ['x']}`, `(b'cookie', b'x')`, `token='x'`, also JSON within JSON."""
_HEADER = re.compile(rf"(?P<key>{_START}{_HEADERS}\s*[:=]\s*)[^\r\n]+", re.IGNORECASE)
_PLAIN = re.compile(
    rf"(?P<key>{_START}(?:{_KEYS}|{_HEADERS})(?:{_QUOTE})?\s*(?P<sign>[:=]|{_ENCODED_SIGN}d)\s?)"
    rf"(?P<value>(?!{_GONE})[^\s&\"<>]+)",
    re.IGNORECASE,
)
"""`code=x` in URLs and forms, `"token": 12345` in JSON, and `password: x`."""
_USER_INFO = re.compile(
    r"\b(?P<scheme>https?://)[^\s/?#]{0,500}@|\b(?P<other>[a-z][a-z0-9+.-]{0,19}://)\S{0,500}@",
    re.IGNORECASE,
)
"""A Redis URL may hold any character in its password; in a web address an @ may come later."""
_CREDENTIALS = re.compile(
    r"\b(?P<scheme>(?:bearer|basic|dpop)(?:\s+|%20|\+))(?P<value>[^\s\"',]+)", re.IGNORECASE
)
_JSON_WEB_TOKEN = re.compile(r"eyJ[\w+/=.-]{8,}", re.ASCII)
_BLOB = re.compile(rf"[\w+/=-]{{{_BLOB_CHARS},}}", re.ASCII)
_LONG_WORD = re.compile(r"[\w+-]{32,}", re.ASCII)

_WORD = re.compile(r"[^\w\s]{0,3}[A-Za-z][a-z'-]{0,18}[^\w\s]{0,3}")
"""A word of a sentence, as in "Bearer token": nobody's secret."""
_TERM = re.compile(r"[^\w\s]{0,3}(?:[A-Za-z][a-z'_-]{0,29})?[^\w\s]{0,3}")
"""The same or a word of ours, as in `code: not_found`."""
_STATUS = re.compile(r"-?[0-9]{1,5}[^\w\s]{0,3}")
"""`code=404` and `"code": -32601` are no authorization codes."""
_SECRET_NAME = re.compile(f"{_KEYS}|{_HEADERS}", re.IGNORECASE)
_OWN = logging.makeLogRecord({}).__dict__.keys() | {"message", "asctime"}


class Redaction(logging.Filter):
    """Removes secrets from a record: message, arguments, exception, stack, and extra fields.

    It drops no record. What is long is cut: a body in a log helps nobody.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Changes the record in place, as `logging` has filters do."""
        record.msg, record.args = redacted(_message(record)), ()
        if record.exc_info or record.exc_text:
            record.exc_text = redacted(_trace(record), TRACE_CHARS)
            record.exc_info = None
        if record.stack_info:
            record.stack_info = redacted(record.stack_info, TRACE_CHARS)
        for name in record.__dict__.keys() - _OWN:
            record.__dict__[name] = _extra(name, record.__dict__[name])
        return True


def redacted(text: str, limit: int = MESSAGE_CHARS) -> str:
    """The text without secrets, its middle cut out where it is longer than `limit` characters."""
    clean = _QUOTED.sub(rf"\g<key>{_GONE}", _within(text.replace(_GONE, "?")))
    clean = _HEADER.sub(rf"\g<key>{_GONE}", clean)
    clean = _PLAIN.sub(_hide_value, clean)
    clean = _USER_INFO.sub(rf"\g<scheme>\g<other>{_GONE}@", clean)
    clean = _CREDENTIALS.sub(_hide_credentials, clean)
    clean = _JSON_WEB_TOKEN.sub(_GONE, clean)
    clean = _BLOB.sub(_hide_blob, clean)
    clean = _LONG_WORD.sub(_hide_random, clean)
    return _shortened(clean.replace(_GONE, HIDDEN), limit)


def _within(text: str) -> str:
    """What is looked at. A word that the cut goes through could be a secret that nothing tells."""
    if len(text) <= _SCANNED_CHARS:
        return text
    whole = text[:_SCANNED_CHARS].rsplit(maxsplit=1)
    return f"{whole[0] if len(whole) > 1 else _GONE} … ({len(text)} characters)"


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} … ({len(text) - 2 * half} characters left out) … {text[-half:]}"


def _hide_value(found: re.Match[str]) -> str:
    is_status = found["key"].lower().startswith("code") and _STATUS.fullmatch(found["value"])
    is_sentence = found["sign"] == ":" and _TERM.fullmatch(found["value"])
    return found[0] if is_status or is_sentence else found["key"] + _GONE


def _hide_credentials(found: re.Match[str]) -> str:
    return found[0] if _WORD.fullmatch(found["value"]) else found["scheme"] + _GONE


def _hide_blob(found: re.Match[str]) -> str:
    is_path = "/" in found[0] and not _looks_random(found[0])
    return found[0] if is_path else f"({len(found[0])} characters)"


def _hide_random(found: re.Match[str]) -> str:
    return _GONE if _looks_random(found[0]) else found[0]


def _looks_random(word: str) -> bool:
    kinds = [_kind(char) for char in word if char.isalnum()]
    changes = sum(one != following for one, following in pairwise(kinds))
    return {"upper", "lower"} <= set(kinds) and changes >= _RANDOM_CHANGES * len(kinds)


def _kind(char: str) -> str:
    if char.isdigit():
        return "digit"
    return "upper" if char.isupper() else "lower"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - logging itself would print format and arguments as they are
        return f"{record.msg} (its arguments do not fit)"


def _trace(record: logging.LogRecord) -> str:
    if record.exc_info:
        return "".join(traceback.format_exception(*record.exc_info)).rstrip()
    return record.exc_text or ""


def _extra(name: str, value: object) -> object:
    """A number as it is, everything else as text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return HIDDEN if _SECRET_NAME.fullmatch(name) else redacted(str(value))
