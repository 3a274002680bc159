"""What names and annotations tell of instances."""

import json
import re

from cnpg_mcp.demo.kinds import KubeObject

FENCED = "cnpg.io/fencedInstances"
ALL = "*"
_SERIAL = re.compile(r"-(\d{1,9})", re.ASCII)


def serial(name: str) -> int:
    """The number at the end of an instance's name; 0 for a name without one."""
    found = _SERIAL.fullmatch(name[name.rfind("-") :]) if "-" in name else None
    return int(found[1]) if found else 0


def is_fenced(cluster: KubeObject, name: str) -> bool:
    """Whether the annotation fences an instance. What is no list of texts fences none."""
    written = (cluster["metadata"].get("annotations") or {}).get(FENCED) or "[]"
    try:
        fenced = json.loads(written)
    except (ValueError, RecursionError):
        return False
    if not isinstance(fenced, list) or not all(isinstance(each, str) for each in fenced):
        return False
    return name in fenced or ALL in fenced
