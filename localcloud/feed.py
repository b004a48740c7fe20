"""Plays the producers: puts events on the stream and lands files, as the outside world would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sample_data.streaming import put

Progress = Callable[[int], None]


def put_events(kinesis: Any, stream: str, file: Path, advance: Progress) -> int:
    """Put every line of `file` on the stream as one record; returns their number."""
    with file.open("rb") as lines:
        return put(kinesis, stream, (line.rstrip(b"\n") for line in lines), advance)


def land_files(s3: Any, bucket: str, folder: Path, advance: Progress) -> int:
    """Upload everything below `folder` (which holds `landing/…`) to the bucket; returns the number of files."""
    files = sorted(f for f in folder.rglob("*") if f.is_file())
    for file in files:
        s3.upload_file(str(file), bucket, file.relative_to(folder.parent).as_posix())
        advance(1)
    return len(files)
