"""What a thief sends to the test server: each is a way to make a token, by its name."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from test.auth.providers.base import AUDIENCE, CLIENT_ID
from test.auth.providers.keys import SigningKey, encrypted, opaque
from test.auth.providers.tenant import Grant, Tenant
from test.auth.tokens import (
    encode,
    raw,
    symmetric,
    unsigned,
    with_a_bit_flipped,
    with_claims,
    with_header,
    with_signature,
)

SCOPES = ("openid", "cnpg:admin")
INFINITE, NOT_A_NUMBER = float("inf"), float("nan")


@dataclass
class Thief:
    """Knows all that is public, has keys of its own, and gets tokens that were meant for others.

    `tenant` is the provider. `given` is for what the provider itself has signed.
    """

    tenant: Tenant
    key: SigningKey = field(default_factory=SigningKey)

    def claims(self, **other: Any) -> dict[str, Any]:
        """Claims that would let an administrator in."""
        return {**self.tenant.claims(SCOPES), **other}

    def given(self, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A token that the provider has signed."""
        return self.tenant.keys.current.sign(self.claims(**claims), header)

    def lacking(self, name: str) -> str:
        """A token that the provider has signed, without one claim."""
        return self.tenant.keys.current.sign(self.tenant.claims(SCOPES, **{name: None}))

    def own(self, **header: Any) -> str:
        """A token signed with the thief's key, which claims to be the provider's."""
        return self.key.sign(self.claims(), {"kid": self.kid, **header})

    @property
    def good(self) -> str:
        """A token that is let in."""
        return self.given()

    @property
    def kid(self) -> str:
        """The id of the provider's key."""
        return self.tenant.keys.current.kid

    @property
    def now(self) -> int:
        """What the provider's clock shows."""
        return int(self.tenant.now())


Forge = Callable[[Thief], str]


def _unsigned(name: object) -> Forge:
    return lambda thief: unsigned({"alg": name, "typ": "JWT", "kid": thief.kid}, thief.claims())


def _public_as_secret(secret: Callable[[SigningKey], bytes], algorithm: str = "HS256") -> Forge:
    def forge(thief: Thief) -> str:
        header = {"typ": "JWT", "kid": thief.kid}
        return symmetric(header, thief.claims(), secret(thief.tenant.keys.current), algorithm)

    return forge


def _other_family(algorithm: str, key: Any) -> Forge:
    return lambda thief: jwt.encode(thief.claims(), key, algorithm, {"kid": thief.kid})


def _provider_signs(algorithm: str) -> Forge:
    return lambda thief: thief.tenant.keys.current.sign(thief.claims(), algorithm=algorithm)


ALGORITHMS: dict[str, Forge] = {
    **{f"alg-{name}": _unsigned(name) for name in ("none", "None", "NONE", "nOnE")},
    "alg-empty": _unsigned(""),
    "alg-null": _unsigned(None),
    "alg-number": _unsigned(256),
    "alg-list": _unsigned(["RS256"]),
    "alg-object": _unsigned({"RS256": 1}),
    "alg-absent": lambda thief: unsigned({"typ": "JWT", "kid": thief.kid}, thief.claims()),
    "alg-none-with-signature": lambda thief: with_header(thief.good, alg="none"),
    "hs256-public-pem": _public_as_secret(lambda key: key.public_pem),
    "hs256-public-pem-stripped": _public_as_secret(lambda key: key.public_pem.strip()),
    "hs384-public-pem": _public_as_secret(lambda key: key.public_pem, "HS384"),
    "hs512-public-pem": _public_as_secret(lambda key: key.public_pem, "HS512"),
    "hs256-public-jwk": _public_as_secret(lambda key: json.dumps(key.public).encode()),
    "hs256-modulus": _public_as_secret(lambda key: str(key.public["n"]).encode()),
    "hs256-without-secret": _public_as_secret(lambda _: b""),
    "hs256-audience": _public_as_secret(lambda _: AUDIENCE.encode()),
    "es256-with-rsa-kid": _other_family("ES256", ec.generate_private_key(ec.SECP256R1())),
    "eddsa-with-rsa-kid": _other_family("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    "ps256-of-an-rs256-key": _provider_signs("PS256"),
    "rs512-of-an-rs256-key": _provider_signs("RS512"),
    "rs256-said-rs384": lambda thief: with_header(thief.good, alg="RS384"),
    "rs256-said-es256": lambda thief: with_header(thief.good, alg="ES256"),
    "rs256-in-lower-case": lambda thief: thief.given({"alg": "rs256"}),
}


def _kid(value: object) -> Forge:
    return lambda thief: thief.own(kid=value)


KEYS: dict[str, Forge] = {
    "own-key-with-their-kid": Thief.own,
    "own-key-with-own-kid": lambda thief: thief.own(kid=thief.key.kid),
    "own-key-without-kid": lambda thief: jwt.encode(thief.claims(), thief.key.private, "RS256"),
    "kid-path": _kid("../../../../dev/null"),
    "kid-file": _kid("/proc/self/environ"),
    "kid-address": _kid("http://127.0.0.1:9/keys.json"),
    "kid-sql": _kid("x' UNION SELECT 'secret"),
    "kid-shell": _kid("$(id)"),
    "kid-empty": _kid(""),
    "kid-null": _kid(None),
    "kid-long": _kid("k" * 8000),
    "kid-line-break": _kid("a\r\nSet-Cookie: a=b"),
    "kid-control": _kid("\x00\x1b[31m"),
    "kid-format": _kid("%s%n{0}{__class__}"),
    "kid-surrogate": _kid("\ud800"),
    "kid-number": lambda thief: thief.given({"kid": 7}),
    "kid-true": lambda thief: thief.given({"kid": True}),
    "kid-list": lambda thief: thief.given({"kid": [thief.kid]}),
    "kid-object": lambda thief: thief.given({"kid": {thief.kid: 1}}),
    "jwk": lambda thief: thief.own(jwk=thief.key.public),
    "jwk-with-own-kid": lambda thief: thief.own(jwk=thief.key.public, kid=thief.key.kid),
    "x5c": lambda thief: thief.own(x5c=["MIIB"], kid=thief.key.kid),
}


def _header(**fields: object) -> Forge:
    return lambda thief: thief.given(fields)


def _claim(**claims: object) -> Forge:
    return lambda thief: thief.given(**claims)


def _lacking(name: str) -> Forge:
    return lambda thief: thief.lacking(name)


def _from_other_tenant(thief: Thief) -> str:
    """Its keys are the same, so that only the issuer tells them apart."""
    other = Tenant("https://other-tenant.example/", keys=thief.tenant.keys)
    return other.keys.current.sign(other.claims(SCOPES))


def _id_token(*, audience: object = CLIENT_ID) -> Forge:
    grant = Grant("auth0|someone", AUDIENCE, SCOPES, nonce="made-up-nonce")
    return lambda thief: thief.tenant.id_token(grant, aud=audience)


NAMES = ("iss", "aud", "sub")
_LOGOUT = {"http://schemas.openid.net/event/backchannel-logout": {}}

CLAIMS: dict[str, Forge] = {
    "expired": lambda thief: thief.given(exp=thief.now - 60),
    "not-yet": lambda thief: thief.given(nbf=thief.now + 120),
    "issued-tomorrow": lambda thief: thief.given(iat=thief.now + 86_400),
    **{f"without-{name}": _lacking(name) for name in ("exp", "iss", "aud", "sub")},
    **{f"{name}-null": _claim(**{name: None}) for name in ("exp", "nbf", "iat", *NAMES)},
    **{f"{name}-words": _claim(**{name: "soon"}) for name in ("exp", "nbf", "iat")},
    **{f"{name}-list": _claim(**{name: [1]}) for name in ("exp", "nbf", "iat", "iss", "sub")},
    **{f"{name}-object": _claim(**{name: {}}) for name in ("exp", "nbf", "iat", "iss", "sub")},
    **{f"{name}-infinite": _claim(**{name: INFINITE}) for name in ("exp", "nbf", "iat")},
    "exp-not-a-number": _claim(exp=NOT_A_NUMBER),
    "exp-zero": _claim(exp=0),
    "exp-negative": _claim(exp=-1),
    "exp-false": _claim(exp=False),
    "iss-without-slash": lambda thief: thief.given(iss=thief.tenant.issuer.rstrip("/")),
    "iss-with-two-slashes": lambda thief: thief.given(iss=f"{thief.tenant.issuer}/"),
    "iss-in-capitals": lambda thief: thief.given(iss=thief.tenant.issuer.upper()),
    "iss-longer": lambda thief: thief.given(iss=f"{thief.tenant.issuer}x"),
    "iss-among-others": lambda thief: thief.given(iss=[thief.tenant.issuer]),
    "iss-of-another-tenant": _from_other_tenant,
    "aud-other": _claim(aud="https://other.example"),
    "aud-empty": _claim(aud=""),
    "aud-none": _claim(aud=[]),
    "aud-longer": _claim(aud=f"{AUDIENCE}/more"),
    "aud-shorter": _claim(aud=AUDIENCE[:-1]),
    "aud-with-slash": _claim(aud=f"{AUDIENCE}/"),
    "aud-in-capitals": _claim(aud=AUDIENCE.upper()),
    "aud-others": _claim(aud=["https://a.example", "https://b.example"]),
    "aud-joined": _claim(aud=f"{AUDIENCE} https://other.example"),
    "aud-number": _claim(aud=7),
    "aud-nested": _claim(aud=[[AUDIENCE]]),
    "aud-object": _claim(aud={AUDIENCE: 1}),
    "aud-userinfo": lambda thief: thief.given(aud=f"{thief.tenant.issuer}userinfo"),
    "sub-empty": _claim(sub=""),
    "sub-number": _claim(sub=7),
    "sub-true": _claim(sub=True),
}  # fmt: skip

KINDS: dict[str, Forge] = {
    "id-token": _id_token(),
    "id-token-for-us-too": _id_token(audience=[CLIENT_ID, AUDIENCE]),
    "id-token-by-its-hash": _claim(at_hash="made-up"),
    "id-token-of-keycloak": _claim(typ="ID"),
    "refresh-token-of-keycloak": _claim(typ="Refresh"),
    "logout-token": _header(typ="logout+jwt"),
    "logout-token-by-its-events": _claim(events=_LOGOUT),
    "bound-to-a-key": _claim(cnf={"jkt": "made-up"}),
    "critical": _header(crit=["exp"], exp=1),
    "critical-unencoded": _header(crit=["b64"], b64=False),
    **{
        f"type-{kind}": _header(typ=kind)
        for kind in ("dpop+jwt", "secevent+jwt", "JWE", "oauth-authz-req+jwt", "at+jws", "")
    },
    "type-number": _header(typ=7),
    "type-null": _header(typ=None),
    "type-list": _header(typ=["at+jwt"]),
}


def _deep(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


def _header_of(header: bytes) -> Forge:
    return lambda thief: f"{raw(header, thief.claims())}.{encode(bytes(256))}"


def _payload(payload: bytes) -> Forge:
    """Any bytes, with the provider's signature."""
    return lambda thief: thief.tenant.keys.current.sign(payload)


SHAPES: dict[str, Forge] = {
    "encrypted": lambda thief: encrypted(thief.good, thief.tenant.keys.current),
    "opaque": lambda thief: opaque(thief.tenant.issuer),
    "one-part": lambda thief: thief.good.split(".", maxsplit=1)[0],
    "two-parts": lambda thief: thief.good.rsplit(".", 1)[0],
    "four-parts": lambda thief: f"{thief.good}.x",
    "six-parts": lambda thief: f"{thief.good}.x.x.x",
    "dots": lambda _: "..",
    "many-dots": lambda _: "." * 2000,
    "signature-absent": lambda thief: with_signature(thief.good, ""),
    "signature-of-another": lambda thief: with_signature(
        thief.good, thief.given(jti="other").rsplit(".", 1)[1]
    ),
    "signature-wrong-by-a-bit": lambda thief: with_a_bit_flipped(thief.good),
    "signature-zero": lambda thief: with_signature(thief.good, encode(bytes(256))),
    "signature-short": lambda thief: with_signature(thief.good, encode(b"x")),
    "signature-no-base64": lambda thief: with_signature(thief.good, "!" * 342),
    "claims-changed": lambda thief: with_claims(thief.good, sub="auth0|somebody-else"),
    "header-words": _header_of(b"no json"),
    "header-list": _header_of(b"[]"),
    "header-deep": _header_of(_deep(1500)),
    "header-no-utf8": _header_of(b"\xff\xfe"),
    "claims-words": _payload(b"no json"),
    "claims-list": _payload(b"[]"),
    "claims-null": _payload(b"null"),
    "claims-deep": _payload(_deep(1500)),
    "claims-no-utf8": _payload(b"\xff\xfe"),
    "claims-large-number": _payload(b'{"exp":' + b"9" * 5000 + b"}"),
    "100-kB": lambda thief: thief.given(padding="x" * 75_000),
    "20-kB": lambda thief: thief.given(padding="x" * 15_000),
    "garbage": lambda _: "Zm9v.YmFy.%00%0a",
    "words": lambda _: "let me in",
    "two-tokens": lambda thief: f"{thief.good} {thief.good}",
    "two-tokens-by-comma": lambda thief: f"{thief.good},{thief.good}",
    "quoted": lambda thief: f'"{thief.good}"',
}

ALL = {**ALGORITHMS, **KEYS, **CLAIMS, **KINDS, **SHAPES}
