"""Project files (SQL steps, contracts, rules) are read the same way from a checkout, a bundle and a zip on sys.path."""

from __future__ import annotations

from functools import cache
from importlib.abc import Traversable
from importlib.resources import files


@cache
def _root() -> Traversable:
    package = files("cdp")
    # Both pathlib.Path and zipfile.Path know their parent; Glue keeps --extra-py-files zipped on sys.path.
    return package.parent  # type: ignore[attr-defined, no-any-return]


@cache
def read_text(path: str) -> str:
    """Text of a project file; `path` is relative to the project's root, with forward slashes."""
    return _root().joinpath(path).read_text(encoding="utf-8")


def read_bytes(path: str) -> bytes:
    """Bytes of a project file; `path` is relative to the project's root, with forward slashes."""
    return _root().joinpath(path).read_bytes()


def names(folder: str, suffix: str) -> list[str]:
    """Names of the files in a project folder that end in `suffix`, sorted."""
    return sorted(f.name for f in _root().joinpath(folder).iterdir() if f.name.endswith(suffix))
