"""A patch of moto is applied once per process, and only to the moto release it was written for."""

from __future__ import annotations

from collections.abc import Callable

VERSION = "5.2.5"

_applied: set[str] = set()


class MotoVersionError(Exception):
    """The installed moto is not the release the patches were written for."""


def moto_patch(apply: Callable[[], None]) -> Callable[[], None]:
    """Decorator of a module's `apply()`: checks moto's version, and makes a second call do nothing."""

    def checked() -> None:
        import moto

        if moto.__version__ != VERSION:
            raise MotoVersionError(
                f"{apply.__module__} was written for moto {VERSION}, installed is {moto.__version__}; run "
                "tests/localcloud/test_canaries.py on the new release, drop the patches it no longer needs, "
                "and change VERSION"
            )
        if apply.__module__ not in _applied:
            _applied.add(apply.__module__)
            apply()

    return checked
