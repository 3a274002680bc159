"""The kind of the Barman Cloud plugin, of which nothing but the name is looked at here."""

from cnpg_mcp.demo.kinds import Kind
from cnpg_mcp.demo.kubernetes.definitions import Definition

PLUGIN = "barman-cloud.cloudnative-pg.io"
OBJECT_STORES = Definition(Kind("barmancloud.cnpg.io/v1", "ObjectStore", "objectstores"))
