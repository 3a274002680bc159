"""What can be missing around the server: what it breaks, and how to repair it."""

from cnpg_mcp.doctor.findings import Kind, Severity

_SETTINGS = "docs/configuration.md says what each setting means."

SETTINGS_REFUSED = Kind(
    "settings-refused",
    Severity.ERROR,
    "The server does not start with these settings.",
    f"Change what is named. {_SETTINGS}",
)
NOT_MAIN = Kind(
    "no-login-settings",
    Severity.INFO,
    "Nothing for the test server and stdio. The main server does not serve http this way.",
    "For the main server set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, and run the doctor again.",
)
NO_PROVIDER = Kind(
    "no-provider-settings",
    Severity.INFO,
    "Nothing for stdio. No server serves http this way.",
    "For http set OIDC_ISSUER and OIDC_AUDIENCE, and run the doctor again.",
)
PUBLIC_URL_DIFFERS = Kind(
    "public-url-differs",
    Severity.ERROR,
    "Clients compare the address they were given with the one the server names, and stop.",
    "Set PUBLIC_URL to the address that clients use, or give clients the one it names.",
)
KEYS_SHARED = Kind(
    "keys-shared",
    Severity.WARNING,
    "Whoever learns one key has the other one's power as well, and neither can be changed alone.",
    "Make a key of its own for each setting.",
)
DEFAULT_SCOPES_WIDE = Kind(
    "default-scopes-wide",
    Severity.WARNING,
    "Everybody who can sign in at the provider may change databases, without being granted it.",
    "Leave DEFAULT_SCOPES at cnpg:read, and grant more at the identity provider.",
)
REDIRECTS_WIDE = Kind(
    "redirects-wide",
    Severity.WARNING,
    "Logins are delivered to addresses that strangers can have.",
    "Name scheme and host in full in ALLOWED_REDIRECT_URIS.",
)
PROXIES_UNKNOWN = Kind(
    "proxies-not-trusted",
    Severity.WARNING,
    "All clients look like the proxy in front: before they have signed in they share one rate "
    "limit, and one of them can lock out the others.",
    "Set TRUSTED_PROXIES to the addresses of the Ingress controller.",
)
AUDIT_NOT_WRITABLE = Kind(
    "audit-log-not-writable",
    Severity.ERROR,
    "Destructive calls are refused: none is made without its line in the audit log.",
    "Give the server a place for AUDIT_LOG that it may write, or unset it (standard error).",
)

# Kubernetes

NO_CREDENTIALS = Kind(
    "no-kubernetes-credentials",
    Severity.ERROR,
    "No tool answers.",
    "In a pod: give it a service account with a token (automountServiceAccountToken). Elsewhere: "
    "set KUBECONFIG, and sign in again where the kubeconfig does that.",
)
API_AWAY = Kind(
    "api-server-away",
    Severity.ERROR,
    "No tool answers.",
    "See whether a NetworkPolicy or firewall lets this process reach the API server, and whether "
    "it runs.",
)
API_REFUSES = Kind(
    "api-server-refuses",
    Severity.ERROR,
    "No tool answers.",
    "The API server does not accept the credentials: sign in again, or renew the token.",
)
CNPG_MISSING = Kind(
    "cnpg-missing",
    Severity.ERROR,
    "No tool answers: Kubernetes does not know PostgreSQL clusters.",
    "Install the CloudNativePG operator, or choose another context.",
)
KIND_MISSING = Kind(
    "cnpg-too-old",
    Severity.ERROR,
    "Tools that need this kind cannot work.",
    "Install CloudNativePG 1.29 or newer, with all of its CRDs.",
)
NO_DATABASE_ROLES = Kind(
    "no-database-roles",
    Severity.INFO,
    "Nothing: roles are declared in the Cluster instead, where proof of a change is weaker.",
    "CloudNativePG 1.30 and newer has the DatabaseRole kind.",
)
NO_OBJECT_STORES = Kind(
    "no-object-stores",
    Severity.INFO,
    "create_postgres_cluster cannot be given backup_object_store.",
    "Install the Barman Cloud plugin if backups shall go to an object store.",
)
OPERATOR_DOWN = Kind(
    "operator-down",
    Severity.ERROR,
    "Changes are refused or never carried out; there is no failover.",
    "Start the operator's Deployment again, and read its log.",
)
OPERATOR_UNSEEN = Kind(
    "operator-not-seen",
    Severity.INFO,
    "A frozen status cannot be told from a quiet one.",
    "Bind the ClusterRole cnpg-mcp-cluster-facts. If the operator is installed in another way, "
    "look at its pods yourself.",
)
NAMESPACE_MISSING = Kind(
    "namespace-missing",
    Severity.ERROR,
    "Calls for this namespace find nothing.",
    "Correct ALLOWED_NAMESPACES or DEFAULT_NAMESPACE, or create the namespace.",
)
NO_RIGHTS = Kind(
    "no-rights",
    Severity.ERROR,
    "No tool answers in this namespace.",
    "Bind the chart's Roles cnpg-mcp-read and cnpg-mcp-write to the server's account there.",
)
RIGHT_MISSING = Kind(
    "right-missing",
    Severity.ERROR,
    "Tools cannot do their work: the finding names them.",
    "Give the server's account this right: cnpg-mcp-read or cnpg-mcp-write of the chart has it.",
)
FACT_HIDDEN = Kind(
    "fact-hidden",
    Severity.WARNING,
    "Tools answer with less: the finding says what is not seen.",
    "Give the server's account this right: cnpg-mcp-read or cnpg-mcp-write of the chart has it.",
)
OPTION_HIDDEN = Kind(
    "optional-fact-hidden",
    Severity.INFO,
    "Tools answer with less; the finding says what is not seen.",
    "Bind the chart's ClusterRole cnpg-mcp-cluster-facts or Role cnpg-mcp-instance-reports, if "
    "that is acceptable.",
)
ONE_NAMESPACE = Kind(
    "one-namespace-checked",
    Severity.INFO,
    "Nothing: rights in other namespaces were not looked at.",
    "Name the namespaces in ALLOWED_NAMESPACES, or run the doctor with another DEFAULT_NAMESPACE.",
)
IMPERSONATION_FORBIDDEN = Kind(
    "impersonation-forbidden",
    Severity.ERROR,
    "Every call is refused: the server may not act for the people who sign in.",
    "Bind a ClusterRole with the verb impersonate on users (and groups) to its service account.",
)
ACTS_FOR_PEOPLE = Kind(
    "acts-for-people",
    Severity.INFO,
    "Nothing: calls are made as the person who signs in, so their own Roles decide what works.",
    "kubectl auth can-i --list --as PREFIX+NAME shows what somebody may do.",
)

# the identity provider

PROVIDER_AWAY = Kind(
    "provider-away",
    Severity.ERROR,
    "Nobody can sign in, and the server is not ready.",
    "Correct OIDC_ISSUER, and see whether this process may reach the provider (proxy, "
    "NetworkPolicy, firewall).",
)
PROVIDER_NOT_JSON = Kind(
    "provider-not-openid",
    Severity.ERROR,
    "Nobody can sign in.",
    "OIDC_ISSUER has to be the provider's issuer: below it stands "
    "/.well-known/openid-configuration.",
)
PROVIDER_ISSUER = Kind(
    "provider-issuer-differs",
    Severity.ERROR,
    "Nobody can sign in: tokens would come from another issuer than the one that is trusted.",
    "Set OIDC_ISSUER to exactly what the provider calls itself, if that is the one you trust.",
)
ISSUER_SLASH = Kind(
    "issuer-slash",
    Severity.WARNING,
    "This server understands it, but it names the issuer to clients as it is set, and some "
    "compare byte for byte.",
    "Copy the issuer from the provider's document, with or without the slash at the end.",
)
PROVIDER_INCOMPLETE = Kind(
    "provider-incomplete",
    Severity.ERROR,
    "Nobody can sign in.",
    "Have the provider publish these entries, with https addresses.",
)
PROVIDER_KEYS = Kind(
    "provider-keys-unusable",
    Severity.ERROR,
    "No token can be checked.",
    "Have the provider sign with RSA or elliptic curves (such as RS256) and publish the keys.",
)
PROVIDER_CLOCK = Kind(
    "provider-clock-differs",
    Severity.ERROR,
    "Tokens count as expired or not yet valid.",
    "Synchronise the clock of this machine (NTP), or the provider's.",
)
CLIENT_REFUSED = Kind(
    "provider-refuses-client",
    Severity.ERROR,
    "Logins end with an error after the person has signed in.",
    "Correct AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET. The application at the provider has to be a "
    "confidential (regular web) one with the authorization code grant.",
)
LOGIN_REFUSED = Kind(
    "provider-refuses-login",
    Severity.ERROR,
    "No login gets to the provider's page.",
    "At the provider: allow the callback PUBLIC_URL/auth/callback for the application, and create "
    "the API with the identifier that OIDC_AUDIENCE names. If it refuses the scopes: name those "
    "that it knows in OIDC_SCOPES.",
)
NO_OFFLINE = Kind(
    "provider-without-offline-access",
    Severity.INFO,
    "People may have to sign in again whenever a token ends: the provider does not announce the "
    "scope offline_access.",
    "Allow refresh tokens at the provider; some give them without the scope (see OIDC_SCOPES and "
    "OIDC_AUTHORIZE_PARAMS).",
)

# the store

STORE_NOT_WRITABLE = Kind(
    "store-not-writable",
    Severity.ERROR,
    "The server does not start, or every login fails.",
    "Give the server a directory that its user may write (a volume), and name it in OAUTH_STORE.",
)
STORE_OPEN = Kind(
    "store-open",
    Severity.WARNING,
    "Other users of the machine can read it. What is in it is encrypted, but it is theirs to copy.",
    "chmod 700 the directory, or make the server's user its owner.",
)
STORE_FLEETING = Kind(
    "store-fleeting",
    Severity.WARNING,
    "Everybody has to sign in again when the container is replaced.",
    "Set OAUTH_STORE to a directory on a volume, or to Redis.",
)
STORE_AWAY = Kind(
    "store-away",
    Severity.ERROR,
    "Nobody can sign in, and calls are answered 503.",
    "See whether Redis runs, and whether a NetworkPolicy lets this process reach it.",
)
STORE_REFUSES = Kind(
    "store-refuses",
    Severity.ERROR,
    "Nobody can sign in, and calls are answered 503.",
    "Correct user and password in the Redis URL, and the user's rights (ACL).",
)
STORE_EVICTS = Kind(
    "store-evicts",
    Severity.WARNING,
    "Redis forgets logins when its memory is full: people are signed out.",
    "Set maxmemory-policy to noeviction, and give it a database of its own.",
)

KINDS = tuple(each for each in globals().values() if isinstance(each, Kind))
