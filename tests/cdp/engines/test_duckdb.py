from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from cdp.dataset import Dataset
from cdp.engines.change import Change
from cdp.engines.duckdb import DuckDBEngine, StepError, bind


@pytest.fixture
def engine():
    engine = DuckDBEngine()
    yield engine
    engine.close()


def test_steps_see_inputs_and_earlier_steps_by_name(engine):
    engine.register("numbers", pa.table({"n": [1, 2, 3]}))
    engine.step("doubled", "select n * 2 as n from numbers")
    engine.step("total", "select sum(n) as total from doubled")
    assert engine.query("select cast(total as bigint) as total from total") == [{"total": 12}]


def test_what_goes_wrong_while_rows_are_made_is_raised_as_it_is(engine):
    def tables():
        yield pa.table({"n": [1]})
        raise KeyError("gone")

    with pytest.raises(KeyError, match="gone"):
        engine.collect("numbers", pa.schema({"n": pa.int64()}), tables())


def test_a_failing_step_is_named(engine):
    with pytest.raises(StepError, match=r"step wrong: .*nothing"):
        engine.step("wrong", "select * from nothing")


def test_parameters_become_typed_literals(engine):
    sql = "select :run_at as at, :day as day, :name as name, 'x' in :names as is_in, 1 as c where 1 < :most"
    parameters = {
        "run_at": datetime(2026, 3, 2, 2, 30, tzinfo=UTC),
        "day": date(2026, 3, 2),
        "name": "O'Neil",
        "names": ["x", "y"],
        "most": 2,
    }
    (row,) = engine.query(sql, parameters)
    assert row["at"] == parameters["run_at"]
    assert (row["day"], row["name"], row["is_in"]) == (date(2026, 3, 2), "O'Neil", True)


def test_a_parameter_without_a_value_is_named():
    with pytest.raises(StepError, match=":run_at"):
        bind("select :run_at", {"other": 1})


def test_a_colon_in_a_literal_or_a_cast_is_no_parameter():
    assert bind("select '12:30', a::int", {}) == "select '12:30', a::int"


def test_surrogate_keys_are_sixty_bit_hashes(engine):
    sql = "select cast(conv(substring(md5('c_1'), 1, 15), 16, 10) as bigint) as k"
    import hashlib

    assert engine.query(sql) == [{"k": int(hashlib.md5(b"c_1").hexdigest()[:15], 16)}]


def test_rows_stream_out_as_arrow(engine):
    engine.step("many", "select i as n from range(250000) t(i)")
    reader = engine.arrow("many")
    assert isinstance(reader, pa.RecordBatchReader)
    assert sum(batch.num_rows for batch in reader) == 250_000


class LakeOfOneTable:
    """Keeps what is written whole."""

    def __init__(self):
        self.rows = Dataset.load("curated.dim_channel").arrow_schema().empty_table()

    def read(self, name, columns=None):
        return self.rows.select(columns or self.rows.column_names).to_reader()

    def rewrite(self, name, parts):
        ((rows, _),) = parts
        self.rows = rows.read_all()


def test_a_table_keeps_what_was_written_when_its_step_is_made_anew(tmp_path):
    engine = DuckDBEngine(LakeOfOneTable(), tmp_path)
    channel = "select cast({} as bigint) as channel_key, '{}' as channel, 'online' as channel_group, true as is_online"
    engine.step("channel", channel.format(1, "web"))
    assert engine.write("curated.dim_channel", "channel") == Change(1, 0, 0, 1)
    # From the table, from itself, and under the name of the step that the table was written from.
    engine.step("channel", f"from curated_dim_channel union all {channel.format(2, 'mobile_app')}")
    engine.step("channel", f"from channel union all {channel.format(3, 'store')}")
    assert engine.query("select channel from curated_dim_channel") == [{"channel": "web"}]
    assert engine.write("curated.dim_channel", "channel") == Change(2, 0, 0, 3)
    engine.step("none", "select * from channel where channel_key = 0")
    assert engine.write("curated.dim_channel", "none") == Change(0, 0, 3, 0)
    assert engine.write("curated.dim_channel", "channel") == Change(3, 0, 0, 3)
    engine.close()


def test_steps_that_were_replaced_leave_no_rows_behind(engine):
    for _ in range(3):
        engine.step("numbers", "select * from range(10)")
    assert engine.query("select sum(estimated_size) as n from duckdb_tables()") == [{"n": 10}]


def test_what_is_forgotten_leaves_no_rows_behind_and_may_come_anew(tmp_path):
    engine = DuckDBEngine(LakeOfOneTable(), tmp_path)
    channel = "select cast(1 as bigint) as channel_key, 'web' as channel, 'online' as channel_group, true as is_online"
    engine.step("channel", channel)
    engine.write("curated.dim_channel", "channel")
    engine.forget("channel")
    assert engine.query("select channel from curated_dim_channel") == [{"channel": "web"}]
    engine.forget("curated.dim_channel", "changed")
    assert engine.query("select table_name from duckdb_tables()") == []
    engine.read("curated.dim_channel", ["channel_key"])
    assert engine.query("select * from curated_dim_channel") == [{"channel_key": 1}]
    engine.close()
