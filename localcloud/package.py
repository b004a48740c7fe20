"""One artefact for every function and job: the same sources give the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("cdp", "lambdas", "sql", "data_quality")
FILES = ("terraform/platform.json",)
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold


def build_package(root: Path) -> bytes:
    """The zip of everything that is deployed, in a fixed order and without times, from a checkout at `root`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for file in packaged_files(root):
            entry = zipfile.ZipInfo(file.relative_to(root).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, file.read_bytes())
    return buffer.getvalue()


def packaged_files(root: Path) -> Iterator[Path]:
    """Files that go into the package, sorted; no caches and nothing hidden."""
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            parts = file.relative_to(root).parts
            if file.is_file() and "__pycache__" not in parts and not any(p.startswith(".") for p in parts):
                yield file
    yield from (root / name for name in FILES)
