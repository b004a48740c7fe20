"""What is asked first, because it costs less, rules out no pair that the costly comparison would accept."""

from __future__ import annotations

from itertools import product

import duckdb
from splink.internals.dialects import SplinkDialect

from cdp.matching.splink_settings import _edits


def test_no_pair_one_edit_apart_is_ruled_out_before_its_edits_are_counted():
    texts = ["".join(letters) for length in range(1, 5) for letters in product("12é", repeat=length)]
    asked = _edits("text", 1).create_sql(SplinkDialect.from_string("duckdb"))
    with duckdb.connect() as connection:
        connection.execute("create table stated as select unnest(?) as text", [texts])
        rows = connection.execute(
            f"""select {asked} as is_near, damerau_levenshtein(text_l, text_r) <= 1 as is_one_edit, count(*)
                from (select l.text as text_l, r.text as text_r from stated l cross join stated r) p group by all"""
        ).fetchall()
    assert {(near, one) for near, one, _ in rows} == {(True, True), (False, False)}
    assert min(n for _, _, n in rows) > len(texts)
