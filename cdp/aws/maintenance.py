"""What no snapshot of a table needs is gone from the disk: rejected branches, old snapshots, files of neither.

Rows that were deleted or replaced stay in older snapshots, and expiring those leaves their files behind; only then is
an erased person out of the lake. Nothing that main or a younger branch reads is touched, and a repeated call finds
nothing more to do. It must not run beside a run that writes: files that are not committed yet look like nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyarrow.fs import FileSelector

from cdp.aws.lake import Lake
from cdp.aws.lake_table import MAIN, committed, remove_branch

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem
    from pyiceberg.manifest import ManifestFile
    from pyiceberg.table import Table


@dataclass(frozen=True)
class Removed:
    """What was removed of one table."""

    table: str
    branches: int
    snapshots: int
    files: int


def maintain(lake: Lake, before: datetime) -> list[Removed]:
    """Remove what is older than `before` and needed by nothing, of every table; what was removed where."""
    return [_maintain(name, table, before) for name, table in lake.tables()]


def _maintain(name: str, table: Table, before: datetime) -> Removed:
    branches = _remove_branches(table, before)
    heads = {ref.snapshot_id for ref in table.refs().values()}
    old = [s.snapshot_id for s in table.snapshots() if _is_older(s.timestamp_ms, before) and s.snapshot_id not in heads]
    if old:
        committed(table, lambda: table.maintenance.expire_snapshots().by_ids(old).commit())
        table.refresh()
    return Removed(name, branches, len(old), _remove_files(table, before))


def _remove_branches(table: Table, before: datetime) -> int:
    """Remove the branches of runs that failed before then; their number."""
    old = []
    for name, ref in table.refs().items():
        snapshot = table.snapshot_by_id(ref.snapshot_id)
        if name != MAIN and snapshot is not None and _is_older(snapshot.timestamp_ms, before):
            old.append(name)
    for name in old:
        remove_branch(table, name)
    return len(old)


def _remove_files(table: Table, before: datetime) -> int:
    """Delete the table's files that its metadata does not name; their number."""
    files, root = _files_of(table)
    needed = {_path(location) for location in _named(table)}
    found = files.get_file_info(FileSelector(root, recursive=True))
    orphans = [f.path for f in found if f.is_file and f.path not in needed and f.mtime and f.mtime < before]
    for path in orphans:
        files.delete_file(path)
    return len(orphans)


def _named(table: Table) -> set[str]:
    """Locations of every file that some snapshot of the table needs, and of its metadata."""
    named = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    manifests: dict[str, ManifestFile] = {}
    for snapshot in table.snapshots():
        named.add(snapshot.manifest_list)
        manifests |= {manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        named |= {path, *(entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io))}
    return named


def _files_of(table: Table) -> tuple[FileSystem, str]:
    """The file system that the table lies on, and the table's folder there."""
    location = urlsplit(table.location())
    return table.io.fs_by_scheme(location.scheme, location.netloc), _path(table.location())  # type: ignore[attr-defined]


def _path(location: str) -> str:
    """A location as the file system names it: bucket and key, or the path on disk."""
    parts = urlsplit(location)
    return f"{parts.netloc}{parts.path}".rstrip("/")


def _is_older(timestamp_ms: int, before: datetime) -> bool:
    return timestamp_ms < before.timestamp() * 1000
