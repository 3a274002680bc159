"""PostgreSQL's parameters: what the operator sets, what nobody else may, and what cannot be."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cnpg_mcp.demo.kubernetes.failures import Cause
from cnpg_mcp.demo.operator.admission.amounts import amount, size
from cnpg_mcp.demo.operator.admission.causes import invalid

DEFAULTS = {
    "archive_timeout": "5min",
    "dynamic_shared_memory_type": "posix",
    "full_page_writes": "on",
    "log_destination": "csvlog",
    "log_directory": "/controller/log",
    "log_filename": "postgres",
    "log_rotation_age": "0",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "false",
    "logging_collector": "on",
    "max_parallel_workers": "32",
    "max_replication_slots": "32",
    "max_worker_processes": "32",
    "shared_memory_type": "mmap",
    "shared_preload_libraries": "",
    "ssl_max_protocol_version": "TLSv1.3",
    "ssl_min_protocol_version": "TLSv1.3",
    "wal_keep_size": "512MB",
    "wal_level": "logical",
    "wal_log_hints": "on",
    "wal_receiver_timeout": "5s",
    "wal_sender_timeout": "5s",
}
_NAMES_OF_FIXED = (
    "allow_system_table_mods archive_cleanup_command archive_command bonjour bonjour_name "
    "cluster_name config_file data_directory data_sync_retry event_source external_pid_file "
    "hba_file hot_standby ident_file jit_provider listen_addresses log_destination "
    "log_directory log_file_mode log_filename log_rotation_age log_rotation_size "
    "log_truncate_on_rotation logging_collector port primary_conninfo primary_slot_name "
    "promote_trigger_file recovery_end_command recovery_min_apply_delay recovery_target "
    "recovery_target_action recovery_target_inclusive recovery_target_lsn recovery_target_name "
    "recovery_target_time recovery_target_timeline recovery_target_xid restart_after_crash "
    "restore_command shared_preload_libraries ssl ssl_ca_file ssl_cert_file ssl_crl_file "
    "ssl_dh_params_file ssl_ecdh_curve ssl_key_file ssl_passphrase_command "
    "ssl_passphrase_command_supports_reload ssl_prefer_server_ciphers stats_temp_directory "
    "synchronized_standby_slots synchronous_standby_names syslog_facility syslog_ident "
    "syslog_sequence_numbers syslog_split_messages temp_tablespaces unix_socket_directories "
    "unix_socket_group unix_socket_permissions"
)
FIXED = frozenset(_NAMES_OF_FIXED.split())
_PATH = "spec.postgresql.parameters"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?")
_BOOLEANS = {"on": True, "true": True, "yes": True, "1": True, "t": True, "y": True} | {
    "off": False,
    "false": False,
    "no": False,
    "0": False,
    "f": False,
    "n": False,
}
_SWITCHES = ("wal_log_hints", "hot_standby_feedback", "sync_replication_slots")
_BLOCK = 8192
_WAL_SIZES = {"min_wal_size": "80MB", "max_wal_size": "1GB"}


def faults(spec: Mapping[str, Any], *, replica: bool) -> Iterator[Cause]:
    """What is wrong with the parameters of a Cluster."""
    parameters = spec["postgresql"]["parameters"]
    alone = spec["instances"] == 1
    for name, value in parameters.items():
        if not _NAME.fullmatch(name):
            yield invalid(
                f"{_PATH}.{name}" if name else f"{_PATH}[]",
                name,
                "must be a valid PostgreSQL configuration parameter name"
                " (a GUC name, optionally namespaced with a single dot)",
            )
        elif name in FIXED and value != DEFAULTS.get(name):
            yield invalid(f"{_PATH}.{name}", value, "Can't set fixed configuration parameter")
    yield from _wal_level(parameters, needed=not alone or replica or _archives(parameters))
    yield from _switches(parameters, alone=alone)
    yield from _wal_sizes(parameters, spec.get("walStorage") or {})
    yield from _shared_buffers(parameters)


def memory(spec: Mapping[str, Any]) -> Iterator[Cause]:
    """Whether the memory asked for holds `shared_buffers`."""
    wanted = (spec["resources"].get("requests") or {}).get("memory")
    buffers = size(spec["postgresql"]["parameters"].get("shared_buffers", ""), _BLOCK)
    asked = amount(wanted)
    if asked is not None and buffers is not None and asked < buffers:
        why = "Memory request is lower than PostgreSQL `shared_buffers` value"
        yield invalid("spec.resources.requests", wanted, why)


def _archives(parameters: Mapping[str, str]) -> bool:
    return parameters["archive_mode"] in ("on", "always")


def _wal_level(parameters: Mapping[str, str], *, needed: bool) -> Iterator[Cause]:
    level = parameters["wal_level"]
    if level not in ("logical", "replica", "minimal"):
        why = "unrecognized `wal_level` value - allowed values: `logical`, `replica`, `minimal`"
        yield invalid(f"{_PATH}.wal_level", level, why)
    if level != "minimal":
        return
    if needed:
        why = (
            "`wal_level` should be set at `logical` or `replica` when `archive_mode` is `on`,"
            " '.instances' field is greater than 1, or this is a replica cluster"
        )
        yield invalid(f"{_PATH}.wal_level", level, why)
    if parameters.get("max_wal_senders") != "0":
        why = "`max_wal_senders` should be set at `0` when `wal_level` is `minimal`"
        yield invalid(f"{_PATH}.max_wal_senders", level, why)


def _switches(parameters: Mapping[str, str], *, alone: bool) -> Iterator[Cause]:
    for name in _SWITCHES:
        if name in parameters and parameters[name].lower() not in _BOOLEANS:
            why = f"invalid `{name}` value. Must be a postgres boolean"
            yield invalid(f"{_PATH}.{name}", parameters[name], why)
    hints = parameters["wal_log_hints"]
    if not alone and _BOOLEANS.get(hints.lower()) is False:
        why = "`wal_log_hints` must be set to `on` when `instances` > 1"
        yield invalid(f"{_PATH}.wal_log_hints", hints, why)


def _wal_sizes(parameters: Mapping[str, str], volume: Mapping[str, Any]) -> Iterator[Cause]:
    shown = {name: parameters.get(name, usual) for name, usual in _WAL_SIZES.items()}
    sizes = {name: size(text) for name, text in shown.items()}
    for name, found in sizes.items():
        if found is None:
            why = f"Invalid value for configuration parameter {name}"
            yield invalid(f"{_PATH}.{name}", shown[name], why)
    low, high, room = *sizes.values(), amount(volume.get("size"))
    if low is None or high is None:
        return
    if low >= high:
        why = (
            "Invalid vale. Parameter min_wal_size (default 80MB) should be smaller than"
            " parameter max_wal_size (default 1GB)"
        )
        yield invalid(f"{_PATH}.min_wal_size", shown["min_wal_size"], why)
    for name, found in (("min_wal_size", low), ("max_wal_size", high)):
        if name in parameters and room is not None and found >= room:
            usual = f"Parameter {name} (default {_WAL_SIZES[name]})"
            why = f"Invalid value. {usual} should be smaller than WAL volume size"
            yield invalid(f"{_PATH}.{name}", shown[name], why)


def _shared_buffers(parameters: Mapping[str, str]) -> Iterator[Cause]:
    if "shared_buffers" in parameters and size(parameters["shared_buffers"]) is None:
        why = (
            "Invalid value for configuration parameter shared_buffers. More info on accepted"
            " values format: https://www.postgresql.org/docs/current/"
            "config-setting.html#CONFIG-SETTING-NAMES-VALUES"
        )
        yield invalid(f"{_PATH}.shared_buffers", "shared_buffers", why)
