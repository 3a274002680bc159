"""Removing what declared databases and roles of a cluster that is gone: only what we made."""

from collections.abc import Sequence

from cnpg_mcp.domain.deletion.inventory import Dependents
from cnpg_mcp.domain.estate import Estate
from cnpg_mcp.domain.marks import is_ours, is_protected
from cnpg_mcp.domain.quoting import quoted
from cnpg_mcp.domain.resources import DATABASE_ROLES, DATABASES
from cnpg_mcp.domain.roles.secret import read_secret, remove_secret
from cnpg_mcp.domain.views.base import ObjectView
from cnpg_mcp.domain.views.declarative import Database, DatabaseRole
from cnpg_mcp.kube.client import Preconditions
from cnpg_mcp.kube.errors import Conflict, KubeError, NotFound
from cnpg_mcp.kube.objects import Resource


async def remove_dependents(
    estate: Estate, namespace: str, dependents: Dependents
) -> tuple[str, ...]:
    """Deletes each of ours that the operator has released, and the roles' Secrets with them.

    Returns:
        Those that are still there, as `Kind name`, with the reason where the API server failed.

    Raises:
        KubeError: nothing was removed, and why.
    """
    left, errors, is_untouched = list[str](), list[KubeError](), True
    for each in dependents.ours:
        name = names_of([each])[0]
        try:
            gone = await _removed(estate, namespace, each)
        except KubeError as error:
            errors.append(error)
            left.append(_doubtful(name, error))
            continue
        if gone is False:
            left.append(name)
        else:
            is_untouched = False
        if gone:
            left += await _password_left(estate, namespace, each, dependents.passwords)
    if errors and is_untouched and not any(each.maybe_applied for each in errors):
        raise errors[0]
    return tuple(left)


def names_of(dependents: Sequence[Database | DatabaseRole]) -> tuple[str, ...]:
    """The objects as `Kind name`."""
    return tuple(f"{_resource(each).kind} {each.name}" for each in dependents)


def _resource(dependent: Database | DatabaseRole) -> Resource:
    return DATABASES if isinstance(dependent, Database) else DATABASE_ROLES


def _doubtful(name: str, error: KubeError) -> str:
    return f"{name} (as far as known: {quoted(error.message)})"


async def _removed(estate: Estate, namespace: str, planned: Database | DatabaseRole) -> bool | None:
    """Whether the object is gone, `None` where there is another one of its name by now.

    Deletes it where the operator has let it go; one that has been changed or protected since the
    plan is left.
    """
    resource, then = _resource(planned), planned.metadata
    try:
        now = ObjectView.parse(await estate.kube.get(resource, namespace, planned.name)).metadata
        if now.uid != then.uid:
            return None  # nobody asked to remove that one
        if now.is_held_by_operator:
            return False
        if is_protected(now) or not is_ours(now) or now.generation != then.generation:
            return False
        only_this = Preconditions(now.uid, now.resource_version)
        await estate.kube.delete(resource, namespace, planned.name, only_this)
        estate.journal.touches(resource.kind, namespace, planned.name, now.uid)
    except NotFound:
        return True
    except Conflict:
        return False
    return not now.finalizers


async def _password_left(
    estate: Estate,
    namespace: str,
    planned: Database | DatabaseRole,
    passwords: Sequence[ObjectView],
) -> tuple[str, ...]:
    """Removes the Secret that was made for a role: its owner may not have been noted on it.

    Only one of those that the plan has named.

    Returns:
        The Secret where that fails.
    """
    named = planned.spec.password_secret if isinstance(planned, DatabaseRole) else None
    if named is None:
        return ()
    try:
        secret = await read_secret(estate, namespace, named.name)
        uids = {each.metadata.uid for each in passwords}
        if secret is not None and secret.metadata.uid in uids:
            await remove_secret(estate, secret)
            estate.journal.touches("Secret", namespace, secret.name, secret.metadata.uid)
    except KubeError as error:
        return (_doubtful(f"Secret {named.name}", error),)
    return ()
