"""What can be wrong with a public address: what it breaks, and how to repair it."""

from cnpg_mcp.doctor.findings import Kind, Severity

_PUBLIC_URL = (
    "Set PUBLIC_URL to the address that clients use, https:// included, and restart. "
    "Where a redirect has the wrong scheme: add the Ingress controller to TRUSTED_PROXIES."
)
_INGRESS = "docs/doctor.md lists the public paths; the chart's Ingress has all of them."

# the connection

ADDRESS_UNKNOWN = Kind(
    "address-unknown",
    Severity.ERROR,
    "No client finds the server.",
    "Create the DNS record of the host, or correct the address.",
)
UNREACHABLE = Kind(
    "unreachable",
    Severity.ERROR,
    "No client reaches the server.",
    "See whether the Ingress or load balancer listens there and whether a firewall is in between.",
)
ADDRESS_PRIVATE = Kind(
    "address-private",
    Severity.WARNING,
    "Claude on the web, desktop and mobile connects from Anthropic's network, which cannot reach "
    "a private address. Clients inside your network work.",
    "Publish the host on the internet if Claude shall use it. If the name has another address out "
    "there, run the doctor from there.",
)
LOOPBACK = Kind(
    "loopback",
    Severity.INFO,
    "Nothing, for clients on this machine. No other client reaches it.",
    "Give the server a public host for anything else.",
)
PLAIN_HTTP = Kind(
    "plain-http",
    Severity.ERROR,
    "Claude accepts https alone, and tokens would travel readable.",
    "Have the Ingress serve https with a certificate, and use the https:// address.",
)
TLS_FAILED = Kind(
    "tls-failed",
    Severity.ERROR,
    "No client can agree with the server on an encrypted connection.",
    "See whether the port speaks TLS at all, and whether it offers TLS 1.2 or newer.",
)
CERTIFICATE_EXPIRED = Kind(
    "certificate-expired",
    Severity.ERROR,
    "Every client refuses the connection.",
    "Renew the certificate. With cert-manager: kubectl describe certificate says why it was not.",
)
CERTIFICATE_UNTRUSTED = Kind(
    "certificate-untrusted",
    Severity.ERROR,
    "Claude and most clients refuse the connection.",
    "Use a certificate of a public authority, and have the Ingress send the intermediate ones "
    "along. For an authority of your own set SSL_CERT_FILE to its certificate, here and in "
    "clients; Claude on the web will not accept it.",
)
CERTIFICATE_NAME = Kind(
    "certificate-name",
    Severity.ERROR,
    "Every client refuses the connection.",
    "Issue a certificate for this host. An Ingress without a matching tls entry answers with its "
    "default certificate.",
)
CERTIFICATE_ENDING = Kind(
    "certificate-ending",
    Severity.WARNING,
    "Nothing yet; when it has ended, every client refuses the connection.",
    "See why it is not renewed (with cert-manager: kubectl describe certificate).",
)
CLOCK = Kind(
    "clock-differs",
    Severity.ERROR,
    "Tokens count as expired or not yet valid: logins fail or loop.",
    "Synchronise the clocks (NTP) of the server's node, of the proxy in front, or of this machine: "
    "it is not known which one is wrong.",
)
PORT_80_SERVES = Kind(
    "served-without-tls",
    Severity.WARNING,
    "A client that was given the http:// address sends its token readable.",
    "Have the Ingress redirect http to https (308).",
)
PORT_80_LOSES_POST = Kind(
    "redirect-loses-post",
    Severity.WARNING,
    "A client that was given the http:// address follows with a GET and gets an error that "
    "explains nothing.",
    "Redirect with 308, which keeps the method, or close the port.",
)

# what is in front

SIGN_IN_IN_FRONT = Kind(
    "sign-in-in-front",
    Severity.ERROR,
    "Something answers in the server's place (a single sign-on proxy, basic authentication, a "
    "challenge against bots). MCP clients cannot pass it: they bring the server's own tokens.",
    "Take it away from the server's paths; the server has its own login.",
)
HOST_REFUSED = Kind(
    "host-refused",
    Severity.ERROR,
    "The server does not take this host for its own and answers nobody.",
    "Set PUBLIC_URL to this address, or add the host to ALLOWED_HOSTS.",
)
MCP_REDIRECTS = Kind(
    "mcp-redirects",
    Severity.ERROR,
    "Clients do not carry a call and its token over a redirect.",
    "Give clients the address that it leads to, and set PUBLIC_URL to it; or remove the redirect.",
)
PATHS_MISSING = Kind(
    "paths-missing",
    Severity.ERROR,
    "A login needs every one of these paths; without one it stops half way.",
    f"Route them to the main server, as Exact paths (/mcp as Prefix). {_INGRESS}",
)
COMPRESSED = Kind(
    "answers-compressed",
    Severity.WARNING,
    "A proxy compresses although it was asked not to. Compression holds event streams back until "
    "its buffer is full: progress arrives late or not at all.",
    "Switch compression (and response buffering) off for the server's paths.",
)
CACHED = Kind(
    "answers-cached",
    Severity.ERROR,
    "A cache answers in the server's place: one caller may be given what another was answered.",
    "Switch caching off for the server's paths.",
)
INTERNAL_PUBLIC = Kind(
    "internal-paths-public",
    Severity.WARNING,
    "Strangers see the state of the server and how it is used.",
    f"Route only the public paths, never /. {_INGRESS}",
)

# the challenge and the documents

OPEN = Kind(
    "served-without-sign-in",
    Severity.ERROR,
    "Everybody who knows the address can use the tools with the server's rights.",
    "Close the address at once. Serve the entry of this project with its sign-in configured.",
)
NO_CHALLENGE = Kind(
    "no-challenge",
    Severity.ERROR,
    "A call without a token must be answered 401 for clients to begin a login. They stop instead.",
    "See whether the MCP server is what answers here, and read its log.",
)
NO_METADATA_IN_CHALLENGE = Kind(
    "challenge-without-metadata",
    Severity.ERROR,
    "Clients learn from WWW-Authenticate where to log in (RFC 9728). Some guess the address, "
    "others stop.",
    "Have proxies pass WWW-Authenticate on unchanged (gateways of clouds rename it), and serve "
    "this project's entry.",
)
ANNOUNCES_HTTP = Kind(
    "announces-http",
    Severity.ERROR,
    "Clients refuse to follow from https to http, or compare the addresses and stop.",
    _PUBLIC_URL,
)
ANNOUNCES_OTHER_HOST = Kind(
    "announces-other-host",
    Severity.ERROR,
    "Clients compare the addresses of the documents with the one they were given, and stop; "
    "or they send the login elsewhere.",
    _PUBLIC_URL,
)
NOT_JSON = Kind(
    "document-not-json",
    Severity.ERROR,
    "Clients cannot read where and how to log in.",
    "See what answers there: a catch-all page of the Ingress, or a login of a proxy.",
)
RESOURCE_DIFFERS = Kind(
    "resource-differs",
    Severity.ERROR,
    "Clients compare `resource` with the address they were given, byte for byte, and stop.",
    "Set PUBLIC_URL to scheme and host alone, and give clients that address with /mcp.",
)
NO_AUTHORIZATION_SERVER = Kind(
    "no-authorization-server",
    Severity.ERROR,
    "Clients do not learn who gives tokens for this server.",
    "Serve the main server's document: the test server's path has its own.",
)
ISSUER_DIFFERS = Kind(
    "issuer-differs",
    Severity.ERROR,
    "Clients compare `issuer` with the entry in `authorization_servers` byte for byte (the slash "
    "at the end counts), and stop.",
    "Have both documents served by the same server and version, and let no proxy rewrite them.",
)
ENDPOINTS_MISSING = Kind(
    "endpoints-missing",
    Severity.ERROR,
    "Clients do not know where to register, log in, or get tokens.",
    "Serve the main server's document, unchanged.",
)
NO_PKCE = Kind(
    "pkce-not-announced",
    Severity.ERROR,
    "Clients refuse an authorization server that does not name S256 in "
    "`code_challenge_methods_supported`.",
    "Serve the main server's document, unchanged.",
)
FLOW_NOT_ANNOUNCED = Kind(
    "flow-not-announced",
    Severity.ERROR,
    "Clients do not find the login they know: authorization code, as a public client.",
    "Serve the main server's document, unchanged.",
)
NO_REFRESH = Kind(
    "refresh-not-announced",
    Severity.WARNING,
    "People log in again whenever a token ends.",
    "Serve the main server's document, unchanged.",
)
NO_SCOPES = Kind(
    "scopes-not-announced",
    Severity.WARNING,
    "Clients do not ask for these scopes, so that tools are refused or shown without effect.",
    "Serve the main server's document, unchanged.",
)

# registration, authorization, tokens

REGISTRATION_REFUSED = Kind(
    "registration-refused",
    Severity.ERROR,
    "The client with this redirect URI cannot connect.",
    "Leave the built-in redirect URIs of Claude and of loopback in the list; "
    "ALLOWED_REDIRECT_URIS adds to them. If something else is refused, the answer says what.",
)
FOREIGN_ACCEPTED = Kind(
    "foreign-callback-accepted",
    Severity.ERROR,
    "A stranger can have the login of somebody who clicks a link delivered to their own address.",
    "Remove wide patterns from ALLOWED_REDIRECT_URIS.",
)
FOREIGN_REGISTERED = Kind(
    "foreign-callback-registered",
    Severity.WARNING,
    "Anybody can fill the store with clients; a login to that address is refused later on.",
    "Remove wide patterns from ALLOWED_REDIRECT_URIS.",
)
OPEN_REDIRECT = Kind(
    "open-redirect",
    Severity.ERROR,
    "/authorize sends people to whatever address a link names: it serves phishing.",
    "Serve this project's entry, unchanged: an unknown client has to be answered 400.",
)
UNKNOWN_CLIENT_UNCLEAR = Kind(
    "unknown-client-unclear",
    Severity.WARNING,
    "A client whose registration is lost does not learn it and does not register anew.",
    "Serve this project's entry, unchanged: an unknown client has to be answered 400 by "
    "/authorize and 401 invalid_client by /token.",
)
PKCE_NOT_DEMANDED = Kind(
    "pkce-not-demanded",
    Severity.ERROR,
    "Whoever catches a code can turn it into a token.",
    "Serve this project's entry, unchanged.",
)
LOGIN_REFUSED = Kind(
    "login-refused",
    Severity.ERROR,
    "No login gets to its first page.",
    "The answer says what is refused; the server's log has more.",
)
CONSENT_SKIPPED = Kind(
    "consent-skipped",
    Severity.ERROR,
    "A client that a stranger registered gets a login that the person never agreed to.",
    "Leave consent on (OAUTH_CONSENT is always or remember).",
)
CONSENT_BROKEN = Kind(
    "consent-broken",
    Severity.ERROR,
    "People cannot agree to the login, so that none comes to its end.",
    "See what answers at /consent, and read the server's log.",
)
GRANT_UNCLEAR = Kind(
    "refused-grant-unclear",
    Severity.WARNING,
    "Clients do not understand that a code or refresh token is over, and do not log in again.",
    "Have proxies pass the server's errors on: a used code has to be answered 400 invalid_grant "
    "(RFC 6749, section 5.2).",
)
REVOCATION_BROKEN = Kind(
    "revocation-broken",
    Severity.WARNING,
    "A client that signs out leaves tokens behind that stay valid.",
    "Serve this project's entry, unchanged; the answer says what is refused.",
)
OWN_ORIGIN_REFUSED = Kind(
    "own-origin-refused",
    Severity.ERROR,
    "The consent page's own form is refused: a login stops at its button.",
    "Add the Ingress controller's addresses to TRUSTED_PROXIES, so that the server knows that it "
    "is reached by https; or add this origin to ALLOWED_ORIGINS.",
)
FOREIGN_ORIGIN_ACCEPTED = Kind(
    "foreign-origin-accepted",
    Severity.WARNING,
    "Scripts of any web page can talk to the server from a visitor's browser.",
    "Remove strangers from ALLOWED_ORIGINS, and have proxies pass Origin on.",
)
SLASH_LEADS_AWAY = Kind(
    "slash-leads-away",
    Severity.ERROR,
    "A client that was given the address with a slash at the end is sent to another one, and its "
    "token with it.",
    _PUBLIC_URL,
)
SLASH_NOT_SERVED = Kind(
    "slash-not-served",
    Severity.INFO,
    "Nothing, for clients that were given the address without a slash at the end.",
    "Route /mcp as Prefix, and serve this project's entry.",
)
TEST_SERVER = Kind(
    "test-server",
    Severity.INFO,
    "Nothing: the test server takes the provider's tokens and is not what Claude uses.",
    "Publish /test and its document only where developers need it.",
)
BROWSERS = Kind(
    "closed-to-browsers",
    Severity.INFO,
    "Nothing for Claude. Clients that run inside a web page cannot read the documents.",
    "Add the origin of such a client to ALLOWED_ORIGINS if you want it.",
)

KINDS = tuple(each for each in globals().values() if isinstance(each, Kind))
