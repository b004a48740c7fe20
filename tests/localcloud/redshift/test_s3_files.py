from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, date, datetime

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import redshift_connector

BUCKET = "cdp-test-curated"
ROLE = "iam_role 'arn:aws:iam::123456789012:role/warehouse'"
COLUMNS = "k bigint, name varchar(10), at timestamp, on_day date, is_new boolean"
ROWS = [(1, "ä", datetime(2026, 1, 1, 5, 0, 0, 123456), date(2026, 1, 2), True), (2, None, None, None, None)]


@pytest.fixture
def put(aws):
    s3 = boto3.client("s3")

    def put(key: str, body: bytes | str) -> str:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"s3://{BUCKET}/{key}"

    return put


def parquet(rows: list[tuple]) -> bytes:
    schema = pa.schema(
        [
            ("k", pa.int64()),
            ("x", pa.string()),
            ("at", pa.timestamp("us", "UTC")),
            ("d", pa.date32()),
            ("b", pa.bool_()),
        ]
    )
    rows = [(k, n, at and at.replace(tzinfo=UTC), d, b) for k, n, at, d, b in rows]
    columns = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)]
    file = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), file)
    return file.getvalue()


def test_parquet_of_a_prefix_is_loaded_by_position_and_types_survive(run, put):
    run(f"create temp table t ({COLUMNS})")
    put("p/part-0.parquet", parquet(ROWS[:1]))
    put("p/part-1.parquet", parquet(ROWS[1:]))
    run(f"copy t from 's3://{BUCKET}/p/' {ROLE} format as parquet")
    assert run("select * from t order by k") == ROWS


def test_a_manifest_loads_the_files_it_names_and_no_other(run, put):
    run(f"create temp table t ({COLUMNS})")
    body = parquet(ROWS[:1])
    entries = [{"url": put("m/a.parquet", body), "mandatory": True, "meta": {"content_length": len(body)}}]
    put("m/stale.parquet", parquet(ROWS[1:]))
    run(f"copy t from '{put('m/manifest.json', json.dumps({'entries': entries}))}' {ROLE} parquet manifest")
    assert run("select k from t") == [(1,)]


def test_a_manifest_of_parquet_without_content_length_is_refused(run, put):
    run(f"create temp table t ({COLUMNS})")
    manifest = json.dumps({"entries": [{"url": put("n/a.parquet", parquet(ROWS))}]})
    with pytest.raises(redshift_connector.ProgrammingError, match="content_length"):
        run(f"copy t from '{put('n/manifest.json', manifest)}' {ROLE} parquet manifest")


def test_another_number_of_columns_is_refused(run, put):
    run("create temp table t (k bigint)")
    source = put("c/a.parquet", parquet(ROWS))
    with pytest.raises(redshift_connector.ProgrammingError, match="table has 1 columns, the Parquet files 5"):
        run(f"copy t from '{source}' {ROLE} parquet")


def test_a_text_that_is_too_long_loads_nothing(run, put):
    run("create temp table t (k bigint, name varchar(1), at timestamp, on_day date, is_new boolean)")
    source = put("l/a.parquet", parquet(ROWS))
    with pytest.raises(redshift_connector.ProgrammingError, match=r"character varying\(1\): column name"):
        run(f"copy t from '{source}' {ROLE} parquet")
    assert run("select count(*) from t") == [(0,)]


def test_a_prefix_without_files_is_an_error(run, aws):
    run("create temp table t (k bigint)")
    with pytest.raises(redshift_connector.ProgrammingError, match="does not exist"):
        run(f"copy t from 's3://{BUCKET}/nothing/' {ROLE} parquet")


def test_csv_is_loaded_with_header_quotes_and_gzip(run, put):
    run("create temp table t (k integer, name varchar(20), x integer)")
    source = put("c.csv.gz", gzip.compress(b'k,name,x\n1,"a,b",\n2,,3\n'))
    run(f"copy t from '{source}' {ROLE} csv gzip ignoreheader 1")
    assert run("select * from t order by k") == [(1, "a,b", None), (2, "", 3)]


def test_json_lines_are_loaded_by_name(run, put):
    run("create temp table t (k integer, name varchar(20))")
    source = put("j.json", '{"name": "a", "k": 1, "more": true}\n{"k": 2}\n')
    run(f"copy t from '{source}' {ROLE} json 'auto'")
    assert run("select * from t order by k") == [(1, "a"), (2, None)]


def test_unload_writes_what_copy_reads(run, put):
    run(f"create temp table t ({COLUMNS})")
    source = put("u/a.parquet", parquet(ROWS))
    run(f"copy t from '{source}' {ROLE} parquet")
    run(f"unload ('select * from t where is_new or name is null') to 's3://{BUCKET}/out/' {ROLE} parquet")
    run("delete from t")
    run(f"copy t from 's3://{BUCKET}/out/' {ROLE} parquet")
    assert run("select * from t order by k") == ROWS
