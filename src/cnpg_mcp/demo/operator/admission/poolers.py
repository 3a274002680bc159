"""What the webhook of Pooler refuses, and warns of."""

from collections.abc import Iterator

from cnpg_mcp.demo.kinds import KubeObject
from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission.causes import invalid

_NAMES_OF_PARAMETERS = (
    "application_name_add_host autodb_idle_timeout cancel_wait_timeout client_idle_timeout "
    "client_login_timeout client_tls_ciphers client_tls_sslmode default_pool_size "
    "disable_pqexec dns_max_ttl idle_transaction_timeout ignore_startup_parameters "
    "listen_backlog log_connections log_disconnections log_pooler_errors log_stats "
    "max_client_conn max_db_connections max_packet_size max_prepared_statements "
    "max_user_connections min_pool_size pkt_buf query_timeout query_wait_timeout "
    "reserve_pool_size reserve_pool_timeout sbuf_loopcnt server_check_delay server_check_query "
    "server_connect_timeout server_fast_close server_idle_timeout server_lifetime "
    "server_login_retry server_reset_query server_reset_query_always server_round_robin "
    "server_tls13_ciphers server_tls_ciphers server_tls_protocols server_tls_sslmode "
    "stats_period suspend_timeout tcp_defer_accept tcp_keepalive tcp_keepcnt tcp_keepidle "
    "tcp_keepintvl tcp_socket_buffer tcp_user_timeout track_extra_parameters verbose auth_type"
)
_PARAMETERS = frozenset(_NAMES_OF_PARAMETERS.split())
_MONITORING = (
    "spec.monitoring is deprecated and will be removed in a future release. Set this field to"
    " false and create a PodMonitor resource for your pooler as described in the documentation"
)


def faults(obj: KubeObject) -> Iterator[Cause]:
    """What is wrong with a Pooler."""
    spec = obj["spec"]
    cluster, settings = spec["cluster"].get("name", ""), spec["pgbouncer"]
    if not cluster:
        yield invalid("spec.cluster.name", "", "must specify a cluster name")
    if obj["metadata"]["name"] == cluster:
        why = "the pooler resource cannot have the same name of a cluster"
        yield invalid("metadata.name", cluster, why)
    yield from _authentication(settings)
    for name in settings.get("parameters", {}):
        if name not in _PARAMETERS:
            yield invalid("spec.cluster.parameters", name, "Invalid or reserved parameter")


def _authentication(settings: KubeObject) -> Iterator[Cause]:
    secret = "authQuerySecret" in settings or "serverTLSSecret" in settings
    if settings.get("authQuery") and not secret:
        why = "must specify an existing auth query secret when providing an auth query secret"
        yield invalid("spec.pgbouncer.authQuerySecret.name", "", why)
    if secret and not settings.get("authQuery"):
        why = "must specify an auth query when providing an auth query secret"
        yield invalid("spec.pgbouncer.authQuery", "", why)


def warnings(obj: KubeObject) -> Iterator[str]:
    """What the webhook warns of."""
    spec, meta = obj["spec"], obj["metadata"]
    settings = spec["pgbouncer"]
    if settings.get("authQuery") or "authQuerySecret" in settings:
        cluster, name = spec["cluster"].get("name", ""), meta["name"]
        yield (
            f'The operator won\'t handle the Pooler "{name}" integration with the Cluster'
            f' "{cluster}" ("{meta["namespace"]}"). Manually configure it as described in the docs.'
        )
    if "authQuerySecret" in settings:
        yield "The .spec.pgbouncer.authQuerySecret field has been deprecated"
    if (spec.get("monitoring") or {}).get("enablePodMonitor"):
        yield _MONITORING
