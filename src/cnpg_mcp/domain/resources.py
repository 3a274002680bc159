"""The resources of the API that the domain reads and writes."""

from cnpg_mcp.kube.objects import Resource

_CNPG = ("postgresql.cnpg.io", "v1")

CLUSTERS = Resource(*_CNPG, "clusters", "Cluster")
DATABASES = Resource(*_CNPG, "databases", "Database")
DATABASE_ROLES = Resource(*_CNPG, "databaseroles", "DatabaseRole")
BACKUPS = Resource(*_CNPG, "backups", "Backup")
SCHEDULED_BACKUPS = Resource(*_CNPG, "scheduledbackups", "ScheduledBackup")
POOLERS = Resource(*_CNPG, "poolers", "Pooler")
OBJECT_STORES = Resource("barmancloud.cnpg.io", "v1", "objectstores", "ObjectStore")

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
SECRETS = Resource("", "v1", "secrets", "Secret", metadata_only=True)
PODS = Resource("", "v1", "pods", "Pod")
PERSISTENT_VOLUME_CLAIMS = Resource("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")
EVENTS = Resource("", "v1", "events", "Event")
RESOURCE_QUOTAS = Resource("", "v1", "resourcequotas", "ResourceQuota")
JOBS = Resource("batch", "v1", "jobs", "Job")
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
STORAGE_CLASSES = Resource(
    "storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False
)
