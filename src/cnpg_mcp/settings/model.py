"""The settings themselves, grouped by what they are about; each group is a table of the docs."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from cnpg_mcp.settings.fields import (
    Age,
    Key,
    Keys,
    Names,
    Namespace,
    Namespaces,
    Parameters,
    Prefix,
    Proxies,
    PublicUrl,
    Rate,
    RedirectUris,
    SecureUrl,
)

_SCOPES = ("cnpg:read", "cnpg:write", "cnpg:admin")
NO_SCOPE = "none"


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _scopes(names: tuple[str, ...]) -> tuple[str, ...]:
    if names == (NO_SCOPE,):
        return ()
    if any(name not in _SCOPES for name in names):
        raise ValueError(f"may hold {', '.join(_SCOPES)}, or be {NO_SCOPE}")
    return names


class KubernetesSettings(BaseSettings):
    """Where the API server is."""

    kubeconfig: str | None = Field(
        None,
        description="Path of a kubeconfig. Without it a pod uses its service account, "
        "anything else `~/.kube/config`.",
    )
    kube_context: str | None = Field(
        None, description="Context of the kubeconfig. Default: its current one."
    )
    kube_timeout: float = Field(
        15.0, gt=0, le=120, description="Seconds that a call to the API server may take in all."
    )
    default_namespace: Namespace | None = Field(
        None,
        description="Namespace of calls that name none. Default: the only allowed one, else the "
        "pod's own, else the kubeconfig context's, else `default`.",
    )


class SafetySettings(BaseSettings):
    """What calls may touch, whoever makes them."""

    read_only: bool = Field(default=False, description="Refuse every change, dry runs excepted.")
    allowed_namespaces: Namespaces = Field(
        (), description="The only namespaces that calls may touch. Default: all that RBAC allows."
    )
    protected_namespaces: Names = Field(
        (),
        description="Patterns (`*`, `?`) of namespaces where nothing may be deleted. The "
        "annotation `cnpg-mcp.io/deletion-protection: enabled` protects one Cluster or Database.",
    )
    backup_max_age: Age = Field(
        timedelta(hours=24),
        description="How old the newest completed backup of a cluster may be when it is deleted "
        "without `without_backup`: minutes, hours or days, such as `90m`, `24h`, `7d`.",
    )
    allowed_images: Names = Field(
        (),
        description="Prefixes of images that clusters may use without an administrator's plan. "
        "Default: none but the operator's own.",
    )
    allowed_extensions: Names | None = Field(
        None,
        description="Extensions that databases may use without an administrator's plan. Default: "
        "those that PostgreSQL itself marks as trusted.",
    )
    plan_key: Keys = Field(
        (),
        description="Keys of confirmation codes, at least 32 characters each: the first one "
        "signs, all verify. Replicas have to share them. Default: one made at start.",
    )
    plan_store: SecretStr | None = Field(
        None,
        description="Redis URL where replicas remember used confirmation codes, so that none acts "
        "twice. Default: `OAUTH_STORE` where that is Redis, else the process's memory.",
    )
    audit_log: Path | None = Field(
        None, description="File to which the audit log is appended. Default: standard error."
    )


class SignInSettings(BaseSettings):
    """Who may call over http, and with which rights."""

    oidc_issuer: SecureUrl | None = Field(
        None,
        description="Issuer of the identity provider, such as `https://tenant.eu.auth0.com/`. "
        "Needed for http.",
    )
    oidc_audience: str | None = Field(
        None,
        min_length=1,
        description="Audience that access tokens must have: the API identifier at the provider. "
        "Needed for http.",
    )
    oidc_scopes: Names = Field(
        (),
        description="Scopes asked of the provider at every login besides `openid`. Default: "
        "`offline_access` and what the client asks for. Main server.",
    )
    oidc_authorize_params: Parameters = Field(
        "",
        description="More parameters of the provider's login address, such as "
        "`prompt=consent&access_type=offline`. Main server.",
    )
    auth0_client_id: str | None = Field(
        None,
        min_length=1,
        description="Client ID of the application at the provider, Auth0 or any other. Needed by "
        "the main server for http.",
    )
    auth0_client_secret: SecretStr | None = Field(
        None, min_length=1, description="Its client secret. Needed by the main server for http."
    )
    public_url: PublicUrl | None = Field(
        None,
        description="Address under which clients reach the server, such as `https://host`. Needed "
        "unless HOST is loopback; then the default is `http://localhost:PORT`.",
    )
    oauth_signing_key: Key | None = Field(
        None,
        description="Key of the tokens that the main server gives to clients, at least 32 "
        "characters; changing it signs everybody out. Needed unless HOST is loopback.",
    )
    oauth_store: SecretStr | None = Field(
        None,
        description="Where logins are kept, encrypted: a directory (one process), or a Redis URL "
        "with a password (replicas). Default: `~/.local/state/cnpg-mcp/oauth`.",
    )
    oauth_store_key: Key | None = Field(
        None,
        description="Key that encrypts the store, at least 32 characters. Default: derived from "
        "`OAUTH_SIGNING_KEY`.",
    )
    allowed_redirect_uris: RedirectUris = Field(
        (),
        description="Redirect URIs of clients besides Claude's and loopback ones; `*` matches "
        "within host, port or path.",
    )
    oauth_consent: Literal["always", "remember"] = Field(
        "always",
        description="`always`: the person confirms each login of a client. `remember`: once for a "
        "client and browser.",
    )
    oauth_cimd: bool = Field(
        default=False,
        description="Let clients identify themselves by the https address of their metadata "
        "(CIMD) as well. The server then has to reach those addresses.",
    )
    default_scopes: Annotated[Names, AfterValidator(_scopes)] = Field(
        ("cnpg:read",),
        description="Scopes of callers whose token names none of `cnpg:read`, `cnpg:write`, "
        "`cnpg:admin`. `none`: they may do nothing.",
    )
    login_scopes: Annotated[Names, AfterValidator(_scopes)] = Field(
        (),
        description="Scopes that clients are told to ask for at first. Fewer than all: a client "
        "that can asks for more when a call needs it. Default: all three, or `cnpg:read` with "
        "`READ_ONLY`; the provider decides which of them a person gets.",
    )
    impersonate_user_claim: Literal["sub", "email"] | None = Field(
        None,
        description="Claim that names the Kubernetes user for whom calls are made; `email` only "
        "when verified. Default: calls are made as the server itself.",
    )
    impersonate_user_prefix: Prefix | None = Field(
        None, description="Put before that name. Needed with `IMPERSONATE_USER_CLAIM`."
    )
    impersonate_groups_claim: str | None = Field(
        None, min_length=1, description="Claim that lists the person's Kubernetes groups."
    )
    impersonate_group_prefix: Prefix | None = Field(
        None, description="Put before each group. Needed with `IMPERSONATE_GROUPS_CLAIM`."
    )


class ServingSettings(BaseSettings):
    """How http is served, and what is logged."""

    host: Annotated[str, AfterValidator(lambda value: value.strip("[]"))] = Field(
        "127.0.0.1", description="Address that http listens on."
    )
    port: int | None = Field(
        None, ge=0, le=65535, description="Port of http. Default: 3000, the test server 3001."
    )
    allowed_hosts: Names = Field(
        (),
        description="Host header values accepted over http besides the public one and loopback "
        "names.",
    )
    allowed_origins: Names = Field(
        (), description="Origins of browsers accepted over http besides the server's own."
    )
    trusted_proxies: Proxies = Field(
        (),
        description="Addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
        "believed: the Ingress controller's. Default: none.",
    )
    rate_limit: Rate = Field(
        "300/minute", description="Requests of one caller: `COUNT/second`, `minute`, `hour`."
    )
    max_concurrency: int = Field(
        64, ge=1, le=10_000, description="Requests at work at one time; more are answered 503."
    )
    log_format: Literal["text", "json"] = Field("text", description="`text` or `json`.")
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = (
        Field("INFO", description="DEBUG, INFO, WARNING or ERROR; logs go to stderr.")
    )


GROUPS = (KubernetesSettings, SafetySettings, SignInSettings, ServingSettings)


class Settings(ServingSettings, SignInSettings, SafetySettings, KubernetesSettings):
    """The server's settings. Each is read from the environment variable of its name.

    `NAME_FILE` may name a file that holds the value instead.
    """

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    @model_validator(mode="after")
    def _no_contradictions(self) -> Self:
        allowed, default = self.allowed_namespaces, self.default_namespace
        if allowed and default and default not in allowed:
            raise ValueError(
                f"DEFAULT_NAMESPACE is {default}, which ALLOWED_NAMESPACES does not contain: "
                "add it there, or choose one of them as the default"
            )
        self._impersonation_is_whole()
        return self

    def _impersonation_is_whole(self) -> None:
        if self.impersonate_groups_claim and not self.impersonate_user_claim:
            raise ValueError("IMPERSONATE_GROUPS_CLAIM needs IMPERSONATE_USER_CLAIM")
        if self.impersonate_user_claim and not self.impersonate_user_prefix:
            raise ValueError(
                "IMPERSONATE_USER_CLAIM needs IMPERSONATE_USER_PREFIX, so that no login can take "
                "the name of a user that Kubernetes already knows"
            )
        if self.impersonate_groups_claim and not self.impersonate_group_prefix:
            raise ValueError("IMPERSONATE_GROUPS_CLAIM needs IMPERSONATE_GROUP_PREFIX")
