"""Failures that a test asks for, by annotation.

An annotation ``nodesim/<what>`` on an object concerns that object. The same on its Cluster concerns
all of the cluster's objects, ``nodesim/<what>.<object name>`` one of them.

=============  ===============  ==================================================================
what           on               effect
=============  ===============  ==================================================================
fail           Database(Role)   applied=false with this message
backup         Backup           it fails with this message
archiving      Cluster          archiving fails with this message
session        Database         a session is open: the database cannot be dropped
down           Pod              not ready, the instance answers 500
pending        Pod              not scheduled, with this reason
image-pull     Pod              ImagePullBackOff, with this message
volume         PVC              stays Pending, with this reason
job            Job              ``running`` stays active; any other text: failed for good with it
=============  ===============  ==================================================================
"""

from cnpg_mcp.demo.kinds import KubeObject

PREFIX = "nodesim/"


def asked(what: str, obj: KubeObject, cluster: KubeObject | None = None) -> str | None:
    """The annotation's value where a test asked for this failure, else None."""
    own = _annotations(obj).get(PREFIX + what)
    if own is not None or cluster is None:
        return own
    inherited = _annotations(cluster)
    one = inherited.get(f"{PREFIX}{what}.{obj['metadata']['name']}")
    return one if one is not None else inherited.get(PREFIX + what)


def _annotations(obj: KubeObject) -> dict[str, str]:
    found: dict[str, str] = obj["metadata"].get("annotations") or {}
    return found
