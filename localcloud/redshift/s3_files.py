"""COPY loads files from S3 as Redshift does, UNLOAD writes them; an option that is not emulated is refused.

Rules of COPY from Parquet: columns come in the files' order, as many as the table has, no column list; a manifest
must give each file's content_length. https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
"""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from localcloud.redshift.errors import RedshiftError, UnsupportedStatementError

COPY_RE = re.compile(
    r"copy\s+(?P<table>[\w.\"]+)\s*(\((?P<columns>[^)]*)\))?\s*from\s+'(?P<source>[^']+)'(?P<options>.*)$", re.I | re.S
)
UNLOAD_RE = re.compile(
    r"unload\s*\(\s*('(?P<quoted>(?:[^']|'')*)'|\$\$(?P<dollar>.*?)\$\$)\s*\)\s*to\s+'(?P<target>[^']+)'"
    r"(?P<options>.*)$",
    re.I | re.S,
)
OPTION_RE = re.compile(r"'((?:[^']|'')*)'|([^\s']+)")

# Options with their number of arguments; the noise word AS is dropped before.
FORMATS = {"parquet": 0, "csv": 0, "json": 1}
OPTIONS = {
    **{"iam_role": 1, "manifest": 0, "gzip": 0, "delimiter": 1, "ignoreheader": 1, "emptyasnull": 0, "null": 1},
    **{"statupdate": 1, "compupdate": 1, "region": 1, "timeformat": 1, "dateformat": 1, "header": 0},
    **{"allowoverwrite": 0, "cleanpath": 0, "parallel": 1, "maxfilesize": 2},
    **FORMATS,
}
PARQUET_COPY = {"iam_role", "manifest", "parquet", "statupdate"}
AUTOMATIC_ONLY = ("timeformat", "dateformat", "json")


@dataclass(frozen=True)
class Options:
    """What follows the source or target of COPY and UNLOAD; `values` maps an option to its argument."""

    format: str
    values: dict[str, str] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.values


def parse_options(text: str) -> Options:
    """Options of COPY or UNLOAD; raises UnsupportedStatementError for one that is not emulated."""
    words = [(quoted or word).rstrip(";") for quoted, word in OPTION_RE.findall(text)]
    words = [w for w in words if w and w.lower() not in ("as", "format")]
    values: dict[str, str] = {}
    while words:
        name = words.pop(0).lower()
        if name not in OPTIONS:
            raise UnsupportedStatementError(f"option {name} is not emulated")
        values[name] = " ".join(words.pop(0) for _ in range(OPTIONS[name]))
    if "iam_role" not in values:
        raise RedshiftError("IAM_ROLE is required: COPY and UNLOAD need leave to use the bucket", "42601")
    for name in AUTOMATIC_ONLY:
        if values.get(name, "auto").lower() != "auto":
            raise UnsupportedStatementError(f"{name} '{values[name]}' is not emulated, only 'auto'")
    return Options(next((f for f in FORMATS if f in values), "text"), values)


def copy(connection: duckdb.DuckDBPyConnection, s3_client: Any, text: str) -> int:
    """Run a COPY; number of rows loaded."""
    match = COPY_RE.match(text)
    if not match or not match["source"].startswith("s3://"):
        raise UnsupportedStatementError("COPY is emulated from S3 only: copy table from 's3://…' iam_role '…'")
    options = parse_options(match["options"])
    target = [
        (f'"{d[0]}"', str(d[1])) for d in connection.execute(f"select * from {match['table']} limit 0").description
    ]
    if match["columns"]:
        named = [c.strip().strip('"').lower() for c in match["columns"].split(",")]
        target = [(f'"{name}"', dict(target)[f'"{name}"']) for name in named]
    if options.format == "parquet":
        _check_parquet_rules(options, has_columns=bool(match["columns"]))
    with tempfile.TemporaryDirectory(prefix="redshift-copy-") as folder:
        files = _download(s3_client, match["source"], options, Path(folder))
        rows = _rows(connection, files, options, target)
        columns = ", ".join(name for name, _ in target)
        loaded = connection.execute(f"insert into {match['table']} ({columns}) {rows}").fetchone()
    return int(loaded[0]) if loaded else 0


def unload(connection: duckdb.DuckDBPyConnection, s3_client: Any, query: str, target: str, options: Options) -> int:
    """Write the rows of a DuckDB query below an S3 prefix, in one file; number of rows written."""
    form = {"parquet": "format parquet", "csv": f"format csv, header {'header' in options}"}.get(options.format)
    if form is None:
        raise UnsupportedStatementError("UNLOAD is emulated as PARQUET and as CSV")
    bucket, key = target.removeprefix("s3://").split("/", 1)
    suffix = ".parquet" if options.format == "parquet" else ""
    with tempfile.TemporaryDirectory(prefix="redshift-unload-") as folder:
        file = f"{folder}/part"
        written = connection.execute(f"copy ({query}) to '{file}' ({form})").fetchone()
        s3_client.upload_file(file, bucket, f"{key}0000_part_00{suffix}")
    return int(written[0]) if written else 0


def parse_unload(text: str) -> tuple[str, str, Options]:
    """The query in Redshift SQL, the target prefix and the options of an UNLOAD."""
    match = UNLOAD_RE.match(text)
    if not match:
        raise UnsupportedStatementError("UNLOAD is emulated as: unload ('select …') to 's3://…' iam_role '…' …")
    query = match["dollar"] or match["quoted"].replace("''", "'")
    return query, match["target"], parse_options(match["options"])


def _check_parquet_rules(options: Options, *, has_columns: bool) -> None:
    for name in options.values.keys() - PARQUET_COPY:
        raise RedshiftError(f"{name.upper()} argument is not supported for PARQUET based COPY", "0A000")
    if has_columns:
        raise RedshiftError("column list is not supported for PARQUET based COPY", "0A000")


def _download(s3_client: Any, source: str, options: Options, folder: Path) -> list[str]:
    bucket, key = source.removeprefix("s3://").split("/", 1)
    objects = _manifest(s3_client, bucket, key, options) if "manifest" in options else _listed(s3_client, bucket, key)
    if not objects:
        raise RedshiftError(f"The specified S3 prefix '{key}' does not exist", "XX000")
    files = []
    for index, (its_bucket, its_key) in enumerate(objects):
        file = folder / f"{index:05d}"
        s3_client.download_file(its_bucket, its_key, str(file))
        files.append(str(file))
    return files


def _listed(s3_client: Any, bucket: str, prefix: str) -> list[tuple[str, str]]:
    pages = s3_client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [(bucket, entry["Key"]) for page in pages for entry in page.get("Contents", [])]


def _manifest(s3_client: Any, bucket: str, key: str, options: Options) -> list[tuple[str, str]]:
    entries = json.loads(s3_client.get_object(Bucket=bucket, Key=key)["Body"].read())["entries"]
    objects = []
    for entry in entries:
        its_bucket, its_key = entry["url"].removeprefix("s3://").split("/", 1)
        if options.format == "parquet":
            length = s3_client.head_object(Bucket=its_bucket, Key=its_key)["ContentLength"]
            if entry.get("meta", {}).get("content_length") != length:
                raise RedshiftError(f"the manifest's content_length of {its_key} is missing or wrong", "XX000")
        objects.append((its_bucket, its_key))
    return objects


def _rows(
    connection: duckdb.DuckDBPyConnection, files: list[str], options: Options, target: list[tuple[str, str]]
) -> str:
    if options.format == "parquet":
        found = connection.execute(f"select * from read_parquet({files}) limit 0").description
        if len(found) != len(target):
            raise RedshiftError(f"table has {len(target)} columns, the Parquet files {len(found)}", "XX000")
        return f"select * from read_parquet({files})"
    compression = "gzip" if "gzip" in options else "uncompressed"
    if options.format == "json":
        types = ", ".join(f"{name}: '{kind}'" for name, kind in target)
        return (
            f"select {', '.join(name for name, _ in target)} from read_json({files}, columns = {{{types}}}, "
            f"format = 'newline_delimited', compression = '{compression}')"
        )
    null = options.values.get("null", r"\N")
    delimiter = options.values.get("delimiter", "," if options.format == "csv" else "|")
    names = ", ".join(f"{name}: 'VARCHAR'" for name, _ in target)
    values = ", ".join(_from_text(name, kind, options) for name, kind in target)
    return (
        f"select {values} from read_csv({files}, columns = {{{names}}}, header = false, auto_detect = false, "
        f"delim = '{delimiter}', quote = '{chr(34) if options.format == 'csv' else ''}', escape = "
        f"'{chr(34) if options.format == 'csv' else ''}', nullstr = '{null}', compression = '{compression}', "
        f"skip = {options.values.get('ignoreheader', '0')})"
    )


def _from_text(name: str, kind: str, options: Options) -> str:
    # An empty text is an empty string for a character column, unless EMPTYASNULL, and NULL for all others.
    value = name if kind == "VARCHAR" and "emptyasnull" not in options else f"nullif({name}, '')"
    return f"cast({value} as {kind})"
