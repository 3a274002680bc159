"""Bodies that an API server with CloudNativePG decides on: good ones, and wrong ones."""

from typing import Any

Spec = dict[str, Any]

_STORE = {"destinationPath": "s3://bucket", "s3Credentials": {"inheritFromIAMRole": True}}
_CATALOG = {
    "apiGroup": "postgresql.cnpg.io",
    "kind": "ImageCatalog",
    "name": "images",
    "major": 16,
}
_ELSEWHERE = [{"name": "other", "connectionParameters": {"host": "elsewhere"}}]


def _parameters(**values: str) -> Spec:
    return {"postgresql": {"parameters": values}}


def _synchronous(**fields: Any) -> Spec:
    return {"postgresql": {"synchronous": {"method": "any", "number": 1, **fields}}}


def _roles(*roles: Spec) -> Spec:
    return {"managed": {"roles": list(roles)}}


def _resources(requests: Spec, limits: Spec | None = None) -> Spec:
    return {"resources": {"requests": requests, "limits": limits or {}}}


CLUSTERS: dict[str, Spec] = {
    "plain": {},
    "all null": dict.fromkeys(
        ["affinity", "bootstrap", "probes", "monitoring", "managed", "plugins", "env"]
    ),
    "defaults null": dict.fromkeys(
        ["instances", "logLevel", "enablePDB", "stopDelay", "imageName"]
    ),
    "misspelled": {"instnces": 3, "postgresql": {"paramters": {}}},
    "misspelled in a list": _roles({"name": "a"}, {"name": "b", "lgin": True}),
    "no instances": {"instances": 0},
    "instances a word": {"instances": "three"},
    "instances a fraction": {"instances": 1.5},
    "instances 2.0": {"instances": 2.0},
    "flag a word": {"enablePDB": "yes"},
    "roles no list": {"managed": {"roles": {}}},
    "parameter a number": {"postgresql": {"parameters": {"work_mem": 1}}},
    "storage a word": {"storage": "1Gi"},
    "unknown words": {"logLevel": "loud", "primaryUpdateMethod": "x", "primaryUpdateStrategy": "y"},
    "negative replicas": {"minSyncReplicas": -1},
    "size missing": {"storage": {}},
    "size wrong": {"storage": {"size": "abc"}},
    "size by template": {
        "storage": {"pvcTemplate": {"resources": {"requests": {"storage": "2Gi"}}}}
    },
    "size twice": {
        "storage": {"size": "1Gi", "pvcTemplate": {"resources": {"requests": {"storage": "2Gi"}}}}
    },
    "template empty": {"storage": {"size": "1Gi", "pvcTemplate": {}}},
    "wal size": {"walStorage": {"size": "2Gi", "storageClass": "fast"}},
    "wal size wrong": {"walStorage": {"size": "x"}},
    "wal size missing": {"walStorage": {}},
    "everything": {
        "instances": 3,
        "walStorage": {"size": "2560Mi"},
        "enablePDB": True,
        "plugins": [
            {
                "name": "barman-cloud.cloudnative-pg.io",
                "isWALArchiver": True,
                "parameters": {"barmanObjectName": "store"},
            }
        ],
        **_resources({"cpu": "2", "memory": "4Gi"}, {"cpu": "2", "memory": "4Gi"}),
        "postgresql": {
            "parameters": {"shared_buffers": "1024MB", "max_connections": "200"},
            "synchronous": {"method": "any", "number": 1},
        },
        "bootstrap": {"initdb": {"database": "shop", "owner": "clerk"}},
    },
    "amounts": _resources(
        {"cpu": 0.5, "memory": "1.5Gi", "ephemeral-storage": "1024Mi"},
        {"cpu": "1500m", "memory": "2048Mi", "ephemeral-storage": "2G"},
    ),
    "no amount": _resources({"cpu": "abc"}),
    "more than the limit": _resources(
        {"cpu": "2", "memory": "2Gi", "ephemeral-storage": "2Gi"},
        {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "1Gi"},
    ),
    "huge pages": _resources({"hugepages-2Mi": "2Mi"}, {"hugepages-2Mi": "4Mi"}),
    "memory below buffers": {
        **_resources({"memory": "512Mi"}),
        **_parameters(shared_buffers="1GB"),
    },
    "blocks above memory": {
        **_resources({"memory": "512Mi"}),
        **_parameters(shared_buffers="65536kB"),
    },
    "buffers without unit": _parameters(shared_buffers="128"),
    "buffers wrong": _parameters(shared_buffers="10Mi"),
    "buffers with blanks": _parameters(shared_buffers=" 16384 kB"),
    "parameter names": {
        "postgresql": {"parameters": {"a b": "1", "a.b.c": "1", "1x": "1", "x-y": "1", "": "1"}}
    },
    "fixed parameters": _parameters(port="1", listen_addresses="x", archive_command="x"),
    "fixed as they are": _parameters(log_destination="csvlog", log_directory="/controller/log"),
    "own values": _parameters(archive_mode="off", wal_level="replica", max_worker_processes="8"),
    "wal level minimal": _parameters(wal_level="minimal"),
    "wal level minimal, no senders": _parameters(wal_level="minimal", max_wal_senders="0"),
    "wal level unknown": _parameters(wal_level="x"),
    "hints off, alone": _parameters(wal_log_hints="off"),
    "hints off": {"instances": 3, **_parameters(wal_log_hints="off")},
    "hints no boolean": _parameters(wal_log_hints="banana", hot_standby_feedback="x"),
    "wal sizes": _parameters(min_wal_size="2GB", max_wal_size="1GB"),
    "wal sizes wrong": _parameters(min_wal_size="abc", max_wal_size="x"),
    "wal sizes above the volume": {
        "walStorage": {"size": "1Gi"},
        **_parameters(min_wal_size="1.5GB", max_wal_size="2GB"),
    },
    "small wal volume": {"walStorage": {"size": "512Mi"}},
    "libraries": {"postgresql": {"shared_preload_libraries": ["a"], "pg_hba": ["host all"]}},
    "extension twice": {"postgresql": {"extensions": [{"name": "a"}, {"name": "a"}]}},
    **{
        f"image {image}": {"imageName": image}
        for image in (
            "x/postgresql:latest",
            "x/postgresql",
            f"x@sha256:{'a' * 64}",
            f"x:15@sha256:{'a' * 64}",
            "x:12.3",
            "x:9.6",
            "x:foo",
            "x:v16",
            "x:16.x",
            "x:16.1.2",
            "x:16beta1",
            "x:16.1-2",
            "x:16_1",
            "::::",
            "",
            "localhost:5000/x",
            "localhost:5000/x:16",
        )
    },
    "image catalog": {"imageCatalogRef": _CATALOG},
    "image and catalog": {"imageCatalogRef": _CATALOG, "imageName": "x:16"},
    "catalog empty": {"imageCatalogRef": {}},
    "no catalog": {"imageCatalogRef": {**_CATALOG, "apiGroup": "x", "kind": "y"}},
    "synchronous": {"instances": 3, **_synchronous()},
    "synchronous first": {"instances": 3, **_synchronous(method="first", number=2)},
    "synchronous, too few": {"instances": 3, **_synchronous(number=3)},
    "synchronous, alone": _synchronous(),
    "synchronous with others": _synchronous(standbyNamesPre=["a"]),
    "synchronous none": {"instances": 3, **_synchronous(number=0)},
    "synchronous words": {"instances": 3, **_synchronous(method="all", dataDurability="x")},
    "synchronous empty": {"instances": 3, "postgresql": {"synchronous": {}}},
    "synchronous preferred": {
        "instances": 3,
        **_synchronous(dataDurability="preferred", standbyNamesPre=["a"]),
    },
    "failover quorum": {"instances": 3, **_synchronous(failoverQuorum=True)},
    "failover quorum with others": {
        "instances": 3,
        **_synchronous(failoverQuorum=True, standbyNamesPre=["a"]),
    },
    "both ways": {"instances": 3, "minSyncReplicas": 1, "maxSyncReplicas": 1, **_synchronous()},
    "old way": {"instances": 2, "minSyncReplicas": 1, "maxSyncReplicas": 1},
    "old way, crossed": {"instances": 3, "minSyncReplicas": 2, "maxSyncReplicas": 1},
    "old way, too many": {"instances": 3, "maxSyncReplicas": 3},
    "role": _roles({"name": "a"}),
    "role with all": _roles(
        {
            "name": "a",
            "comment": "",
            "connectionLimit": 0,
            "inRoles": [],
            "login": False,
            "passwordSecret": {"name": "s"},
            "superuser": True,
            "validUntil": "2030-01-01T02:00:00.5+02:00",
        }
    ),
    "role without a name": _roles({}),
    "role until no date": _roles({"name": "a", "validUntil": "tomorrow"}),
    "role with a word": _roles({"name": "a", "ensure": "x"}),
    "reserved roles": _roles(
        {"name": "pg_x"}, {"name": "postgres"}, {"name": "cnpg_a"}, {"name": "streaming_replica"}
    ),
    "reserved role, absent": _roles({"name": "pg_x", "ensure": "absent"}),
    "role twice": _roles({"name": "a"}, {"name": "a"}),
    "role limit": _roles({"name": "a", "connectionLimit": -2}),
    "role with and without": _roles(
        {"name": "c", "passwordSecret": {"name": "s"}, "disablePassword": True}
    ),
    "application's role": _roles({"name": "app"}),
    "no rw": {"managed": {"services": {"disabledDefaultServices": ["rw"]}}},
    "no ro": {"managed": {"services": {"disabledDefaultServices": ["ro", "r"]}}},
    "unknown service": {"managed": {"services": {"disabledDefaultServices": ["x"]}}},
    "services": {
        "managed": {
            "services": {
                "additional": [
                    {"selectorType": "rw", "serviceTemplate": {"metadata": {"name": "pg-rw"}}},
                    {"selectorType": "rw", "serviceTemplate": {}},
                    {
                        "selectorType": "ro",
                        "serviceTemplate": {
                            "metadata": {"name": "q"},
                            "spec": {"selector": {"a": "b"}},
                        },
                    },
                    {"selectorType": "ro", "serviceTemplate": {"metadata": {"name": "q"}}},
                ]
            }
        }
    },
    "service": {
        "managed": {
            "services": {
                "additional": [
                    {"selectorType": "r", "serviceTemplate": {"metadata": {"name": "z"}}}
                ]
            }
        }
    },
    "initdb": {"bootstrap": {"initdb": {"database": "a"}}},
    "initdb owner": {"bootstrap": {"initdb": {"owner": "a"}}},
    "initdb locale": {
        "bootstrap": {"initdb": {"encoding": "LATIN1", "localeProvider": "icu", "icuLocale": "en"}}
    },
    "initdb locale without provider": {
        "bootstrap": {"initdb": {"icuLocale": "x", "builtinLocale": "y", "icuRules": "z"}}
    },
    "segment": {"bootstrap": {"initdb": {"walSegmentSize": 64}}},
    "segment odd": {"bootstrap": {"initdb": {"walSegmentSize": 3}}},
    "segment too large": {"bootstrap": {"initdb": {"walSegmentSize": 2048}}},
    "two ways to begin": {"bootstrap": {"initdb": {}, "recovery": {}}},
    "recovery": {"bootstrap": {"recovery": {"backup": {"name": "b"}}}},
    "recovery from nowhere": {"bootstrap": {"recovery": {"source": "other"}}},
    "base backup": {
        "bootstrap": {"pg_basebackup": {"source": "other"}},
        "externalClusters": _ELSEWHERE,
    },
    "base backup from nowhere": {"bootstrap": {"pg_basebackup": {"source": "other"}}},
    "base backup without source": {"bootstrap": {"pg_basebackup": {}}},
    "replica": {
        "bootstrap": {"pg_basebackup": {"source": "other"}},
        "externalClusters": _ELSEWHERE,
        "replica": {"source": "other", "enabled": True},
    },
    "replica of nothing": {"replica": {"source": "x", "enabled": True}},
    "external clusters": {"externalClusters": [{"name": "a"}, {"name": "a"}]},
    "barman": {"backup": {"barmanObjectStore": _STORE}},
    "barman without credentials": {"backup": {"barmanObjectStore": {"destinationPath": "s3://x"}}},
    "barman nowhere": {"backup": {"barmanObjectStore": {}}},
    "retention": {"backup": {"retentionPolicy": "30d"}},
    "retention wrong": {"backup": {"retentionPolicy": "30x"}},
    "snapshots": {"backup": {"volumeSnapshot": {}}},
    "two archivers": {
        "plugins": [{"name": "a", "isWALArchiver": True}, {"name": "b", "isWALArchiver": True}]
    },
    "archiver and barman": {
        "plugins": [{"name": "a", "isWALArchiver": True}],
        "backup": {"barmanObjectStore": _STORE},
    },
    "plugin without a name": {"plugins": [{}]},
    "monitoring": {
        "monitoring": {
            "enablePodMonitor": True,
            "podMonitorRelabelings": [{"action": "drop"}],
            "podMonitorMetricRelabelings": [{"action": "drop"}],
        }
    },
    "maintenance": {"nodeMaintenanceWindow": {}},
    "supervised, alone": {"primaryUpdateStrategy": "supervised"},
    "supervised": {"instances": 3, "primaryUpdateStrategy": "supervised"},
    "affinity": {"affinity": {"podAntiAffinityType": "required", "topologyKey": "zone"}},
    "affinity off": {"affinity": {"enablePodAntiAffinity": False}},
    "affinity wrong": {"affinity": {"podAntiAffinityType": "x"}},
    "environment": {"env": [{"name": "PGDATA", "value": "x"}, {"name": "A", "value": "1"}]},
    "tablespaces": {"tablespaces": [{"name": "a", "storage": {"size": "1Gi"}}]},
    "tablespaces wrong": {
        "tablespaces": [
            {"name": "pg_x", "storage": {"size": "1Gi"}},
            {"name": "a", "storage": {"size": "1Gi"}},
            {"name": "A", "storage": {"size": "x"}},
        ]
    },
    "certificates": {"certificates": {"serverTLSSecret": "x", "replicationTLSSecret": "y"}},
    "account twice": {
        "serviceAccountName": "a",
        "serviceAccountTemplate": {"metadata": {"labels": {"a": "b"}}},
    },
    "slots": {"replicationSlots": {"highAvailability": {"slotPrefix": "_a"}, "updateInterval": 5}},
    "slots off": {"replicationSlots": {"highAvailability": {"enabled": False}}},
    "slots wrong": {"replicationSlots": {"highAvailability": {"slotPrefix": "A-B"}}},
    "slots too often": {"replicationSlots": {"updateInterval": 0}},
    "lease": {"primaryLease": {}},
    "probes": {"probes": {"liveness": {"isolationCheck": {"enabled": False}}, "readiness": {}}},
    "much at once": {
        "storage": {"size": "x"},
        "walStorage": {"size": "y"},
        "imageName": "a:latest",
        "maxSyncReplicas": 3,
        "primaryUpdateStrategy": "supervised",
        **_roles({"name": "pg_a"}),
        **_synchronous(),
        **_resources({"cpu": "2"}, {"cpu": "1"}),
    },
}

CLUSTER_METADATA: dict[str, Spec] = {
    "51 characters": {"name": "a" * 51},
    "a dot": {"name": "a.b"},
    "a digit first": {"name": "1a"},
    "a dot, and long": {"name": "a." + "b" * 60},
    "hibernation on": {"annotations": {"cnpg.io/hibernation": "on"}},
    "hibernation wrong": {"annotations": {"cnpg.io/hibernation": "x"}},
    "validation odd": {"annotations": {"cnpg.io/validation": "x"}},
    "validation off": {"annotations": {"cnpg.io/validation": "disabled"}},
}

CLUSTER_CHANGES: dict[str, Spec] = {
    "nothing": {},
    "below the quorum": {"instances": 1},
    "fewer": {"instances": 2},
    "none": {"instances": 0},
    "smaller": {"storage": {"size": "500Mi"}},
    "larger": {"storage": {"size": "2Gi"}},
    "no size": {"storage": {"size": "x"}},
    "smaller wal": {"walStorage": {"size": "1Gi"}},
    "no wal": {"walStorage": None},
    "no tablespaces": {"tablespaces": []},
    "other tablespace": {"tablespaces": [{"name": "u", "storage": {"size": "1Gi"}}]},
    "smaller tablespace": {"tablespaces": [{"name": "t", "storage": {"size": "100Mi"}}]},
    "older": {"imageName": "x:15.1"},
    "newer": {"imageName": "x:17.1"},
    "same major": {"imageName": "x:16.9"},
    "latest": {"imageName": "x:latest"},
    "older by catalog": {"imageName": None, "imageCatalogRef": {**_CATALOG, "major": 15}},
    "user": {"postgresUID": 27, "postgresGID": 27},
    "slot prefix": {"replicationSlots": {"highAvailability": {"slotPrefix": "_x_"}}},
    "no slots": {"replicationSlots": None},
    "roles": _roles({"name": "pg_x"}, {"name": "b"}),
    "no managed": {"managed": None},
    "other database": {"bootstrap": {"initdb": {"database": "z"}}},
    "minimal": _parameters(wal_level="minimal", max_wal_senders="0"),
    "fixed": _parameters(port="5", log_directory="/x"),
    "image and parameters": {
        "primaryUpdateMethod": "switchover",
        "imageName": "x:16.3",
        **_parameters(work_mem="8MB"),
    },
    "superuser": {"enableSuperuserAccess": True},
    "misspelled": {"instnces": 1},
    "unknown word": {"logLevel": "x"},
    "account": {"serviceAccountName": "other"},
    "no account": {"serviceAccountName": None},
    "much at once": {
        "instances": 1,
        "storage": {"size": "500Mi"},
        "imageName": "x:15.1",
        "postgresUID": 30,
        **_roles({"name": "postgres"}),
    },
}
STORED_CLUSTER: Spec = {
    "instances": 3,
    "imageName": "x:16.2",
    "walStorage": {"size": "2Gi"},
    "tablespaces": [{"name": "t", "storage": {"size": "1Gi"}}],
    "serviceAccountName": "own",
    **_roles({"name": "a"}),
    **_synchronous(),
}
