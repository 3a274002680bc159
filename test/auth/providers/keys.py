"""Signing keys of the stand-in, and every token that can be made with them."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwe
from joserfc.jwk import RSAKey

from test.auth.tokens import encode, raw

Claims = Mapping[str, Any]


@dataclass(frozen=True)
class SigningKey:
    """An RSA key and its id."""

    kid: str = field(default_factory=lambda: uuid4().hex)
    private: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def sign(
        self, claims: Claims | bytes, header: Claims | None = None, algorithm: str = "RS256"
    ) -> str:
        """A token of these claims, which nobody checks; `header` adds to its header or replaces."""
        signed = raw({"alg": algorithm, "typ": "JWT", "kid": self.kid, **(header or {})}, claims)
        signature = jwt.get_algorithm_by_name(algorithm).sign(signed.encode(), self.private)
        return f"{signed}.{encode(signature)}"

    @cached_property
    def public(self) -> dict[str, Any]:
        """The public key as it stands in a JWKS."""
        found = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {**found, "kid": self.kid, "use": "sig", "alg": "RS256"}

    @cached_property
    def public_pem(self) -> bytes:
        """The public key in the form that everybody can download."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


@dataclass
class KeyRing:
    """The key that signs now, and the ones before it that are still published."""

    current: SigningKey = field(default_factory=SigningKey)
    former: list[SigningKey] = field(default_factory=list)

    def rotate(self, *, keep: bool = True) -> None:
        """Signs with a new key; the one before stays published unless it is withdrawn."""
        self.former = [self.current, *self.former] if keep else []
        self.current = SigningKey()

    def published(self) -> dict[str, Any]:
        """The JWKS."""
        return {"keys": [key.public for key in (self.current, *self.former)]}


def opaque(issuer: str) -> str:
    """An access token without audience as Auth0 makes it: five parts, which only it can read."""
    header = json.dumps({"alg": "dir", "enc": "A256GCM", "iss": issuer}).encode()
    return ".".join(map(encode, (header, b"", os.urandom(12), os.urandom(96), os.urandom(16))))


def encrypted(token: str, key: SigningKey) -> str:
    """A signed token inside an encrypted one (Auth0: "JSON Web Encryption" of an API)."""
    used = {"alg": "RSA-OAEP-256", "enc": "A256GCM"}
    protected = {**used, "cty": "JWT", "kid": key.kid}
    public = RSAKey.import_key(key.public_pem)
    return jwe.encrypt_compact(protected, token.encode(), public, algorithms=[*used.values()])
