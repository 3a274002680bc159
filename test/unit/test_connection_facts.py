"""How applications connect, told from the Cluster object alone."""

import pytest

from cnpg_mcp.domain.connection import OPERATOR_KEYS, SUPPLIED_KEYS, connection_facts
from cnpg_mcp.domain.views.cluster import Cluster


def facts(status=None, **spec):
    return connection_facts(
        Cluster.parse(
            {
                "metadata": {"name": "db", "namespace": "shop"},
                "spec": {"instances": 3, **spec},
                "status": status or {},
            }
        )
    )


def initdb(**fields):
    return {"initdb": {"database": "orders", "owner": "clerk", **fields}}


def test_services_are_named_with_their_namespace():
    services = facts().services
    assert services.read_write == "db-rw.shop.svc"
    assert services.read_only == "db-ro.shop.svc"
    assert services.read == "db-r.shop.svc"
    assert services.port == 5432


def test_disabled_service_is_left_out():
    managed = {"services": {"disabledDefaultServices": ["ro"]}}
    assert facts(managed=managed).services.read_only is None


def test_database_and_user_are_those_of_the_bootstrap():
    known = facts(bootstrap=initdb())
    assert (known.database, known.user) == ("orders", "clerk")


def test_secret_made_by_the_operator_has_its_keys():
    secret = facts(bootstrap=initdb()).secret
    assert (secret.namespace, secret.name, secret.keys) == ("shop", "db-app", OPERATOR_KEYS)
    assert secret.made_by_operator


def test_supplied_secret_has_user_and_password_only():
    secret = facts(bootstrap=initdb(secret={"name": "mine"})).secret
    assert (secret.name, secret.keys) == ("mine", SUPPLIED_KEYS)


def test_recovered_cluster_has_its_database_too():
    known = facts(bootstrap={"recovery": {"source": "old", "database": "app", "owner": "app"}})
    assert known.database == "app"
    assert known.secret.name == "db-app"


def test_unknown_database_has_no_secret():
    known = facts()
    assert known.database is None
    assert known.secret is None


def test_superuser_secret_exists_only_when_enabled():
    assert facts().superuser_secret is None
    assert facts(enableSuperuserAccess=True).superuser_secret.name == "db-superuser"


def test_supplied_superuser_secret_is_named():
    known = facts(enableSuperuserAccess=True, superuserSecret={"name": "root"})
    assert known.superuser_secret.name == "root"
    assert known.superuser_secret.keys == SUPPLIED_KEYS


def test_tls_is_1_3_unless_set_otherwise():
    assert facts().tls.minimum_version == "TLSv1.3"
    older = facts(postgresql={"parameters": {"ssl_min_protocol_version": "TLSv1.2"}})
    assert older.tls.minimum_version == "TLSv1.2"


@pytest.mark.parametrize(
    ("minimum", "told"), [("TLSv1", "TLSv1 on"), ("TLSv1.2", "TLSv1.2 on"), ("x\ny", '"x\\ny" on')]
)
def test_minimum_that_is_no_tls_version_is_quoted(minimum, told):
    tls = facts(postgresql={"parameters": {"ssl_min_protocol_version": minimum}}).tls
    assert told in tls.summary()


def test_ca_is_what_the_status_names():
    assert facts().tls.ca_secret == "db-ca"
    assert facts({"certificates": {"serverCASecret": "corp-ca"}}).tls.ca_secret == "corp-ca"


def test_single_instance_has_nothing_behind_the_read_only_service():
    assert not facts(instances=1).read_only_has_replicas
    assert facts().read_only_has_replicas
