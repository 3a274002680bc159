"""Bodies of the kinds beside Cluster: good ones, and wrong ones."""

from typing import Any

Spec = dict[str, Any]
_OF = {"cluster": {"name": "pg"}}
_ROLE = {**_OF, "name": "a"}
_DATABASE = {**_OF, "name": "a", "owner": "app"}
_SCHEDULED = {**_OF, "schedule": "0 0 0 * * *"}
_POOLER = {**_OF, "pgbouncer": {"poolMode": "session"}}
_PLUGIN = {"method": "plugin", "pluginConfiguration": {"name": "a", "parameters": {"b": "c"}}}

ROLES: dict[str, Spec] = {
    "plain": _ROLE,
    "empty": {},
    "types": {
        **_ROLE,
        "login": "yes",
        "connectionLimit": "z",
        "inRoles": "a",
        "validUntil": "tomorrow",
    },
    "list types": {**_ROLE, "inRoles": ["a", 1, None]},
    **{
        f"name {name!r}": {**_ROLE, "name": name}
        for name in (
            "",
            "postgres",
            "streaming_replica",
            "pg_x",
            "cnpg_x",
            "app",
            "Ünïcode-名",
            "a b",
        )
    },
    "absent": {**_ROLE, "ensure": "absent"},
    "words": {**_ROLE, "ensure": "x", "databaseRoleReclaimPolicy": "y"},
    "with and without": {**_ROLE, "disablePassword": True, "passwordSecret": {"name": "s"}},
    "secret without name": {**_ROLE, "passwordSecret": {}},
    "certificate": {**_ROLE, "clientCertificate": {}},
    "certificate and login": {**_ROLE, "clientCertificate": {}, "login": True},
    "certificate, no login": {**_ROLE, "clientCertificate": {}, "login": False},
    "nulls": {**_ROLE, "inRoles": None, "login": None, "ensure": None, "connectionLimit": None},
    "cluster without name": {"name": "a", "cluster": {}},
    "misspelled": {**_ROLE, "lgin": True, "cluster": {"name": "pg", "nme": "x"}},
    "low limit": {**_ROLE, "connectionLimit": -5},
    "until": {**_ROLE, "validUntil": "2030-01-01T00:00:00+02:00"},
    "until a day": {**_ROLE, "validUntil": "2030-01-01"},
    "until the year 0": {**_ROLE, "validUntil": "0000-01-01T00:00:00Z"},
    "wrong twice": {**_ROLE, "name": "pg_a", "ensure": "absent"},
}
ROLE_CHANGES: dict[str, Spec] = {
    "nothing": {},
    "name": {"name": "b"},
    "reserved name": {"name": "pg_b"},
    "cluster": {"cluster": {"name": "other"}},
    "all at once": {"name": "b", "cluster": {"name": "q"}, "ensure": "absent"},
    "login": {"login": True},
    "policy": {"databaseRoleReclaimPolicy": "delete"},
}

DATABASES: dict[str, Spec] = {
    "plain": _DATABASE,
    "empty": {},
    "objects": {
        **_DATABASE,
        "extensions": [{"name": "e"}],
        "schemas": [{"name": "s", "owner": "o"}],
        "fdws": [{"name": "f"}],
        "servers": [{"name": "s", "fdw": "f"}],
    },
    **{
        f"name {name!r}": {**_DATABASE, "name": name}
        for name in ("", "postgres", "template0", "template1", "app", "pg_x")
    },
    "owner null": {**_DATABASE, "owner": None},
    "words": {**_DATABASE, "ensure": "x", "databaseReclaimPolicy": "y"},
    "types": {**_DATABASE, "connectionLimit": "x"},
    "list types": {**_DATABASE, "extensions": "a"},
    "twice": {
        **_DATABASE,
        "extensions": [{"name": "a"}, {"name": "a"}],
        "schemas": [{"name": "s"}, {"name": "s"}],
    },
    "without names": {**_DATABASE, "extensions": [{}], "schemas": [{"ensure": "x"}]},
    "unknown wrapper": {
        **_DATABASE,
        "fdws": [{"name": "a"}, {"name": "a"}],
        "servers": [{"name": "s", "fdw": "nope"}],
    },
    "options twice": {
        **_DATABASE,
        "fdws": [
            {
                "name": "a",
                "options": [{"name": "o", "value": "1"}, {"name": "o", "value": "1"}],
                "usage": [{"name": "u"}, {"name": "u"}],
            }
        ],
    },
    "usage": {**_DATABASE, "fdws": [{"name": "a", "usage": [{"name": "u", "type": "x"}]}]},
    "locale": {
        **_DATABASE,
        "template": "template0",
        "encoding": "UTF8",
        "locale": "C",
        "localeProvider": "icu",
        "icuLocale": "en",
    },
    "locale without provider": {
        **_DATABASE,
        "icuLocale": "x",
        "icuRules": "z",
        "builtinLocale": "y",
    },
    "locale of another provider": {**_DATABASE, "icuLocale": "x", "localeProvider": "libc"},
    "empty values": {**_DATABASE, "template": "", "extensions": []},
}
STORED_DATABASE: Spec = {
    **_DATABASE,
    "template": "template0",
    "encoding": "UTF8",
    "locale": "C",
    "localeProvider": "icu",
    "icuLocale": "en",
    "collationVersion": "1",
}
DATABASE_CHANGES: dict[str, Spec] = {
    "nothing": {},
    "reserved name": {"name": "postgres"},
    "cluster": {"cluster": {"name": "other"}},
    "owner": {"owner": "x"},
    "absent": {"ensure": "absent", "databaseReclaimPolicy": "delete"},
    "encoding gone": {"encoding": None},
    "provider": {"localeProvider": "libc"},
    "collation added": {"localeCollate": "C"},
    "extension twice": {"extensions": [{"name": "a"}, {"name": "a"}]},
    "misspelled": {"ownr": "b"},
    **{
        name: {name: "other"}
        for name in ("name", "encoding", "template", "locale", "icuLocale", "collationVersion")
    },
}

BACKUPS: dict[str, Spec] = {
    "plain": _OF,
    "empty": {},
    "words": {**_OF, "method": "x", "target": "y"},
    "plugin": {**_OF, **_PLUGIN},
    "plugin unnamed": {**_OF, "method": "plugin"},
    "plugin without name": {**_OF, "method": "plugin", "pluginConfiguration": {}},
    "online": {**_OF, "online": True, "onlineConfiguration": {}},
    "snapshot": {**_OF, "method": "volumeSnapshot", "online": True},
    "types": {**_OF, "online": "x"},
    "cluster without name": {"cluster": {}},
}
BACKUP_CHANGES: dict[str, Spec] = {
    "nothing": {},
    "cluster": {"cluster": {"name": "b"}},
    "target": {"target": "primary"},
}

_SCHEDULES = (
    "",
    "x",
    "0 0 * * *",
    "@daily",
    "@foo",
    "@every 1h30m",
    "@every x",
    "61 0 0 * * *",
    "0 0 24 * * *",
    "0 0 0 32 * *",
    "0 0 0 0 * *",
    "0 0 0 * 13 *",
    "0 0 0 * * 7",
    "0 0 0 * JAN MON-FRI",
    "*/5 1-5,7 * * * ?",
    "0 0 */6 * * *",
    "0 0 0 * * * *",
    "5-1 * * * * *",
    "a * * * * *",
    "*/0 * * * * *",
    "1/2/3 * * * * *",
    "1-2-3 * * * * *",
    "-1 * * * * *",
    "5/70 * * * * *",
    "*/-5 * * * * *",
    "99999999999999999999 * * * * *",
    "\u0663 * * * * *",
    "+5 * * * * *",
    "@every -5m",
    "@every 0",
    "@every 1.5h.5s",
    "@every 9999999999h",
    "@every 2562047h",
)
SCHEDULED: dict[str, Spec] = {
    "plain": _SCHEDULED,
    "empty": {},
    "of a tool": {**_SCHEDULED, **_PLUGIN, "backupOwnerReference": "none"},
    "words": {**_SCHEDULED, "method": "x", "target": "y", "backupOwnerReference": "z"},
    "plugin unnamed": {**_SCHEDULED, "method": "plugin"},
    "online": {**_SCHEDULED, "online": True, "onlineConfiguration": {}},
    "snapshot": {**_SCHEDULED, "method": "volumeSnapshot"},
    "types": {**_SCHEDULED, "immediate": "x"},
    **{f"schedule {text!r}": {**_SCHEDULED, "schedule": text} for text in _SCHEDULES},
}
SCHEDULED_CHANGES: dict[str, Spec] = {
    "nothing": {},
    "suspend": {"suspend": True},
    "cluster": {"cluster": {"name": "b"}},
    "schedule": {"schedule": "x"},
}

POOLERS: dict[str, Spec] = {
    "plain": _POOLER,
    "empty": {},
    "mode defaulted": {**_OF, "pgbouncer": {}},
    "no pgbouncer": _OF,
    "words": {**_POOLER, "type": "x", "pgbouncer": {"poolMode": "z"}},
    "parameters": {
        **_POOLER,
        "pgbouncer": {"parameters": {"pool_mode": "x", "zz": "1", "max_client_conn": "1"}},
    },
    "query": {**_POOLER, "pgbouncer": {"authQuery": "a"}},
    "query secret": {**_POOLER, "pgbouncer": {"authQuerySecret": {"name": "x"}}},
    "query and secret": {
        **_POOLER,
        "pgbouncer": {"authQuerySecret": {"name": "x"}, "authQuery": "q"},
    },
    "its cluster's name": {**_POOLER, "cluster": {"name": "new"}},
    "no cluster's name": {**_POOLER, "cluster": {"name": ""}},
    "negative": {**_POOLER, "instances": -1},
    "monitoring": {**_POOLER, "monitoring": {"enablePodMonitor": True}},
}
POOLER_CHANGES: dict[str, Spec] = {
    "nothing": {},
    "none": {"instances": 0},
    "cluster": {"cluster": {"name": "b"}},
    "parameters": {"pgbouncer": {"parameters": {"zz": "1"}}},
}

CATALOGS: dict[str, Spec] = {
    "plain": {"images": [{"image": "a:16", "major": 16}]},
    "empty": {},
    "no images": {"images": []},
    "twice": {"images": [{"image": "a", "major": 16}, {"image": "b", "major": 16}]},
    "too old": {"images": [{"image": "a", "major": 9}]},
    "unnamed": {"images": [{}]},
    "too many": {"images": [{"image": "a", "major": major} for major in range(10, 20)]},
}

_PUBLICATION = {**_OF, "name": "p", "dbname": "app", "target": {"allTables": True}}
_SUBSCRIPTION = {
    **_OF,
    "name": "s",
    "dbname": "app",
    "externalClusterName": "other",
    "publicationName": "p",
}
PUBLICATIONS: dict[str, Spec] = {"plain": _PUBLICATION, "empty": {}}
SUBSCRIPTIONS: dict[str, Spec] = {"plain": _SUBSCRIPTION, "empty": {}}
