"""Secrets in every shape in which a log line could hold one: each has a core that must not show.

All of them are made up here; none opens anything.
"""

import base64
import json
from collections.abc import Callable
from random import Random
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

KEYS = [
    "access_token",
    "client_secret",
    "code",
    "code_verifier",
    "csrf_token",
    "id_token",
    "password",
    "refresh_token",
    "state",
    "token",
    "txn_id",
]
HEADERS = ["authorization", "Authorization", "cookie", "Set-Cookie", "Proxy-Authorization"]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def seeded(number: int) -> Random:
    """Letters that look random, and are the same for the same number."""
    return Random(number)  # noqa: S311 - nothing is kept secret with it


cores = st.integers(0, 2**64).map(lambda number: "".join(seeded(number).choices(_LETTERS, k=14)))
keys = st.sampled_from(KEYS)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
solid = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6)


def _in_form(key: str, value: str) -> str:
    return urlencode({"grant_type": "authorization_code", key: value, "scope": "openid"})


def _in_url(key: str, value: str) -> str:
    return f"GET https://id.example/cb?{_in_form(key, value)} HTTP/1.1"


def _in_script_url(key: str, value: str) -> str:
    coded = quote(value, safe="!'()*~")  # what encodeURIComponent leaves as it is
    return f"https://id.example/cb?a=1&{key}={coded}&b=2"


def _in_inner_url(key: str, value: str) -> str:
    return f"https://id.example/login?to={quote(_in_url(key, value), safe='')}&prompt=none"


def _in_innermost_url(key: str, value: str) -> str:
    return f"https://id.example/?to={quote(_in_inner_url(key, value), safe='')}"


def _in_json(key: str, value: str) -> str:
    return json.dumps({"a": 1, key: value, "z": "y"})


def _in_compact_json(key: str, value: str) -> str:
    return json.dumps({key: value, "z": "y"}, separators=(",", ":"), ensure_ascii=False)


def _in_indented_json(key: str, value: str) -> str:
    return json.dumps({key: value, "z": "y"}, indent=2)


def _in_json_in_json(key: str, value: str) -> str:
    return json.dumps({"body": _in_json(key, value)})


def _in_list(key: str, value: str) -> str:
    return repr({key: ["first", value]})


def _in_dict(key: str, value: str) -> str:
    return repr({"a": 1, key: value, "z": "y"})


def _in_bytes(key: str, value: str) -> str:
    return repr({key.encode(): value.encode()})


def _in_pairs(key: str, value: str) -> str:
    return repr([(key.encode(), value.encode()), (b"host", b"x")])


def _in_arguments(key: str, value: str) -> str:
    return f"Grant(client='claude', {key}={value!r}, scopes=['openid'])"


OF_ANYTHING: list[Callable[[str, str], str]] = [
    _in_form,
    _in_url,
    _in_script_url,
    _in_inner_url,
    _in_innermost_url,
    _in_json,
    _in_compact_json,
    _in_indented_json,
    _in_json_in_json,
    _in_list,
    _in_dict,
    _in_bytes,
    _in_pairs,
    _in_arguments,
]


@st.composite
def named_values(draw: st.DrawFn) -> tuple[str, str]:
    """A value under its key, in a form, a URL, JSON or a representation; and its core."""
    core = draw(cores)
    value = draw(anything) + core + draw(anything)
    shape = draw(st.sampled_from(OF_ANYTHING))
    return shape(draw(keys | st.sampled_from(HEADERS)), value), core


@st.composite
def header_lines(draw: st.DrawFn) -> tuple[str, str]:
    """A header that authenticates."""
    core = draw(cores)
    scheme = draw(st.sampled_from(["Bearer ", "Basic ", "DPoP ", "", "session="]))
    return f"{draw(st.sampled_from(HEADERS))}: {scheme}{draw(solid)}{core}", core


@st.composite
def credentials(draw: st.DrawFn) -> tuple[str, str]:
    """A scheme and what authenticates, wherever it stands."""
    core = draw(cores)
    scheme = draw(st.sampled_from(["Bearer", "bearer", "BEARER", "DPoP"]))
    return f"sent {scheme} {core}.{draw(cores)} to the API", core


@st.composite
def basic_credentials(draw: st.DrawFn) -> tuple[str, str]:
    """User and password as a client sends them."""
    pair = f"{draw(anything)}:{draw(cores)}".encode()
    coded = base64.b64encode(pair).decode()
    return f"tried Basic {coded}", coded


@st.composite
def web_tokens(draw: st.DrawFn) -> tuple[str, str]:
    """A JWT, whole or cut off."""
    payload = json.dumps({draw(anything): draw(anything), "sub": draw(cores)}).encode()
    body = base64.urlsafe_b64encode(payload).decode().rstrip("=")
    head = base64.urlsafe_b64encode(b'{"alg":"RS256"}').decode().rstrip("=")
    whole = f"{head}.{body}.{draw(cores)}"
    return f"got {whole[: draw(st.integers(30, len(whole)))]} from it", whole[4:28]


@st.composite
def store_urls(draw: st.DrawFn) -> tuple[str, str]:
    """The URL of a store with its password, which need not be encoded."""
    core = draw(cores)
    scheme = draw(st.sampled_from(["redis", "rediss", "postgresql", "valkey", "REDIS"]))
    user = draw(st.sampled_from(["", "default", "app"]))
    return f"connect {scheme}://{user}:{draw(solid)}{core}{draw(solid)}@store:6379/0 failed", core


@st.composite
def web_users(draw: st.DrawFn) -> tuple[str, str]:
    """An address with a user and a password in it."""
    core = draw(cores)
    return f"fetch https://me:{quote(draw(solid), safe='')}{core}@host/a@b?c=d", core


@st.composite
def bare_codes(draw: st.DrawFn) -> tuple[str, str]:
    """A code alone, as FastMCP logs it: 32 random bytes in base64."""
    random = seeded(draw(st.integers(0, 2**64)))
    code = base64.urlsafe_b64encode(random.randbytes(32)).decode().rstrip("=")
    sentence = draw(st.sampled_from(["Authorization code not found: {}", "transaction {} is over"]))
    return sentence.format(code), code


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, str]:
    """Something long and encoded."""
    body = base64.b64encode(seeded(draw(st.integers(0, 99))).randbytes(200)).decode()
    return f"data: {body}", body[60:90]


SHAPES = {
    "named": named_values(),
    "header": header_lines(),
    "credentials": credentials(),
    "basic": basic_credentials(),
    "jwt": web_tokens(),
    "store": store_urls(),
    "web": web_users(),
    "bare": bare_codes(),
    "body": bodies(),
}
