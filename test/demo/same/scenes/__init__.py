"""The scenes, by theme: every generator function of these modules is one."""

from inspect import isgeneratorfunction

from test.demo.same.exchange import Scene
from test.demo.same.scenes import (
    applies,
    below,
    bodies,
    deletions,
    discovery,
    dry_runs,
    forgotten,
    forms,
    lists,
    names,
    namespaces,
    objects,
    paging,
    patches,
    rights,
    selectors,
    strictness,
    updates,
    watches,
)

_THEMES = (
    applies,
    below,
    bodies,
    deletions,
    discovery,
    dry_runs,
    forgotten,
    forms,
    lists,
    names,
    namespaces,
    objects,
    paging,
    patches,
    rights,
    selectors,
    strictness,
    updates,
    watches,
)

SCENES: dict[str, Scene] = {
    f"{theme.__name__.rpartition('.')[2]}.{name}": scene
    for theme in _THEMES
    for name, scene in vars(theme).items()
    if isgeneratorfunction(scene) and scene.__module__ == theme.__name__ and name[0] != "_"
}
