"""A landed file says by its path what it holds: `landing/<source>/<contract>/<file name>.{csv,jsonl}[.gz]`."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from gzip import BadGzipFile, GzipFile
from typing import BinaryIO, cast

from cdp.contracts import Contract, UnknownContractError, contract
from cdp.delimited import Row, UnreadableFileError, csv_rows, json_rows
from cdp.records import Record, receive

PREFIX = "landing/"
CHUNK_BYTES = 1024 * 1024

_PATH = re.compile(r"landing/(?P<source>[a-z][a-z0-9_]{0,62})/(?P<contract>[^/]+)/(?P<file>[^/]+)")
_EXTENSION = re.compile(r"\.(csv|jsonl)(\.gz)?\Z")


@dataclass(frozen=True)
class Landing:
    """What the path of a landed file says about it."""

    key: str
    source: str
    contract: Contract
    extension: str
    is_compressed: bool

    @classmethod
    def of(cls, key: str) -> Landing:
        """Read the path; raises UnreadableFileError when it says too little."""
        path = _PATH.fullmatch(key)
        if path is None:
            raise UnreadableFileError("path", f"expected {PREFIX}<source>/<contract>/<file name>")
        try:
            described = contract(path["contract"])
        except UnknownContractError as error:
            raise UnreadableFileError("contract", str(error)) from None
        extension = _EXTENSION.search(path["file"])
        if extension is None:
            raise UnreadableFileError("extension", "expected a file name that ends in .csv or .jsonl, or that and .gz")
        return cls(key, path["source"], described, extension[1], extension[2] is not None)

    def checksum(self, stream: BinaryIO) -> str:
        """SHA-256 of the file's content and of how it is to be read, as hex.

        An ETag would not do: that of a multipart upload depends on how the file was cut. Source and contract
        belong to it, so that a file landed in the wrong folder can be landed again in the right one.
        """
        digest = hashlib.sha256(f"{self.source}\0{self.contract.name}\0{self.extension}\0".encode())
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
        return digest.hexdigest()

    def rows(self, stream: BinaryIO) -> Iterator[Row]:
        """The file's rows, one by one. Raises UnreadableFileError, also midway when its compression is broken."""
        lines = cast(BinaryIO, GzipFile(fileobj=stream)) if self.is_compressed else stream
        try:
            yield from csv_rows(lines, self.contract.fields) if self.extension == "csv" else json_rows(lines)
        except (BadGzipFile, EOFError, zlib.error):
            raise UnreadableFileError("compression", "expected a whole gzip file") from None

    def records(self, stream: BinaryIO, received_at: str) -> Iterator[Record]:
        """The file's rows as received records, in order. Raises UnreadableFileError like `rows`."""
        for number, row in enumerate(self.rows(stream), start=1):
            yield receive(
                row.payload,
                source=self.source,
                contract_name=self.contract.name,
                received_at=received_at,
                origin=f"{self.key}#{number}",
                format=row.format,
                rejection=row.rejection,
            )
