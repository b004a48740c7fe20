"""Tells moto's patched functions, which are global, which cloud of this process they work for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.cloud import LocalCloud

_clouds: list[LocalCloud] = []


class CloudError(Exception):
    """No cloud, a second one, or one that has been stopped."""


def running() -> LocalCloud:
    """The cloud this process runs; raises CloudError when it runs none."""
    if not _clouds:
        raise CloudError("no LocalCloud runs in this process; use it as a context manager or call start()")
    return _clouds[0]


def enter(cloud: LocalCloud) -> None:
    """Make `cloud` the one this process runs; moto keeps its state in globals, so there can be no second."""
    if _clouds:
        raise CloudError("a LocalCloud already runs in this process; start another with `python -m localcloud up`")
    _clouds.append(cloud)


def leave(cloud: LocalCloud) -> None:
    """Forget `cloud`."""
    if cloud in _clouds:
        _clouds.remove(cloud)
