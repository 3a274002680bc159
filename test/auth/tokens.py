"""Tokens made by hand: what a library refuses to make."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def raw(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes) -> str:
    """The first two parts of a token: JSON of anything, or any bytes."""
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode()
             for part in (header, claims))  # fmt: skip
    return ".".join(map(encode, parts))


def unsigned(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes) -> str:
    """A token whose signature is empty."""
    return f"{raw(header, claims)}."


def symmetric(
    header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes, algorithm: str = "HS256"
) -> str:
    """A token signed with a shared secret, whatever that is."""
    signed = raw({**header, "alg": algorithm}, claims)
    mac = hmac.new(secret, signed.encode(), HASHES[algorithm]).digest()
    return f"{signed}.{encode(mac)}"


def with_header(token: str, **changed: Any) -> str:
    """The token with other fields in its header, and the signature that it had."""
    header, claims, signature = token.split(".")
    fields = {**json.loads(decode(header)), **changed}
    return f"{encode(json.dumps(fields).encode())}.{claims}.{signature}"


def with_claims(token: str, **changed: Any) -> str:
    """The token with other claims, and the signature that it had."""
    header, claims, signature = token.split(".")
    fields = {**json.loads(decode(claims)), **changed}
    return f"{header}.{encode(json.dumps(fields).encode())}.{signature}"


def with_signature(token: str, signature: str) -> str:
    """The token with another signature."""
    header, claims, _ = token.split(".")
    return f"{header}.{claims}.{signature}"


def with_a_bit_flipped(token: str) -> str:
    """The token with one bit of its signature wrong."""
    signature = bytearray(decode(token.rsplit(".", 1)[1]))
    signature[10] ^= 1
    return with_signature(token, encode(bytes(signature)))
