"""Every row of a file comes out once, whatever is wrong with the rows around it."""

import csv
import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp.delimited import MAX_LINE_BYTES, Row, UnreadableFileError, csv_rows, json_rows

FIELDS = frozenset({"id", "name", "city"})


def rows(content: bytes | str) -> list[Row]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(csv_rows(io.BytesIO(data), FIELDS))


def values(found: list[Row]) -> list[object]:
    """Rows as dicts; the bytes of those that have no columns."""
    return [json.loads(row.payload) if row.format == "csv_row" else row.payload for row in found]


def rules(found: list[Row]) -> set[str]:
    return {row.rejection.reasons[0].rule for row in found if row.rejection}


def test_rows_become_objects_of_header_to_text_as_received():
    assert values(rows('id,name,city\r\n1," Ada ",\r\n2,"say ""hi""",Köln\r\n')) == [
        {"id": "1", "name": " Ada ", "city": ""},
        {"id": "2", "name": 'say "hi"', "city": "Köln"},
    ]


def test_a_byte_order_mark_is_no_part_of_the_header():
    assert values(rows(b'\xef\xbb\xbf"id",name,city\n1,Ada,Bonn\n')) == [{"id": "1", "name": "Ada", "city": "Bonn"}]


def test_quoted_newlines_belong_to_the_field():
    assert values(rows('id,name,city\n1,"Ada\r\nLovelace\n\n",Bonn\n2,Bob,Ulm\n')) == [
        {"id": "1", "name": "Ada\r\nLovelace\n\n", "city": "Bonn"},
        {"id": "2", "name": "Bob", "city": "Ulm"},
    ]


def test_extra_and_missing_columns_do_not_stop_the_others():
    assert values(rows("id,shoe size\n1,42\n")) == [{"id": "1", "shoe size": "42"}]


def test_spaces_around_column_names_do_not_matter():
    assert values(rows("id, name ,city\n1,Ada,Bonn\n")) == [{"id": "1", "name": "Ada", "city": "Bonn"}]


@pytest.mark.parametrize("content", [b"", b"\n\r\n\n", b"\xef\xbb\xbf", b"id,name,city", b"id,name,city\n\n\n"])
def test_a_file_without_rows_has_none(content):
    assert rows(content) == []


def test_blank_lines_are_no_rows_and_the_last_line_needs_no_end():
    assert len(rows("id,name,city\n\n1,a,b\n\r\n2,c,d")) == 2


@pytest.mark.parametrize(("delimiter", "said"), [(";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")])
def test_another_delimiter_rejects_every_line_and_names_what_was_found(delimiter, said):
    found = rows("id,name,city\n1,Ada,Bonn\n\n2,Bob,Ulm\n".replace(",", delimiter))
    assert values(found) == [f"1{delimiter}Ada{delimiter}Bonn".encode(), f"2{delimiter}Bob{delimiter}Ulm".encode()]
    assert {str(row.rejection.reasons[0].message) for row in found} == {
        f"expected columns divided by comma, found {said}"
    }


def test_another_delimiter_is_seen_between_quoted_names_too():
    assert rules(rows('"id";"name";"city"\n"1";"Ada";"Bonn, am Rhein"\n')) == {"delimiter"}


def test_a_file_without_a_header_loses_not_even_its_first_line():
    found = rows("1,Ada,Bonn\n2,Bob,Ulm\n")
    assert values(found) == [b"1,Ada,Bonn", b"2,Bob,Ulm"]
    assert rules(found) == {"header"}


def test_a_column_named_twice_rejects_every_line():
    found = rows("id,name,name\n1,Ada,Lovelace\n")
    assert values(found) == [b"1,Ada,Lovelace"]
    assert (
        found[0].rejection.reasons[0].message == "expected each column name once, column 3 has that of an earlier one"
    )


def test_rows_with_too_many_or_too_few_fields_are_rejected_alone():
    found = rows("id,name,city\n1,Ada\n2,Bob,Ulm\n3,Cy,Bonn,Extra\n")
    assert values(found) == [b"1,Ada", {"id": "2", "name": "Bob", "city": "Ulm"}, b"3,Cy,Bonn,Extra"]
    assert [row.rejection.reasons[0].message for row in found if row.rejection] == [
        "expected 3 columns, found 2",
        "expected 3 columns, found 4",
    ]


def test_a_row_in_another_encoding_is_kept_as_its_bytes():
    found = rows(b"id,name,city\n1,M\xfcller,K\xf6ln\n2,Bob,Ulm\n")
    assert found[0] == Row(b"1,M\xfcller,K\xf6ln\n", "base64")
    assert values(found[1:]) == [{"id": "2", "name": "Bob", "city": "Ulm"}]


def test_a_header_in_another_encoding_makes_the_file_unreadable():
    with pytest.raises(UnreadableFileError, match="UTF-8"):
        rows("id,name,straße\n1,a,b\n".encode("utf-16"))
    with pytest.raises(UnreadableFileError, match="UTF-8"):
        rows("id,name,straße\n1,a,b\n".encode("latin-1"))


def test_a_quote_that_never_closes_costs_its_own_line_only():
    found = rows('id,name,city\n1,"Ada,Bonn\n2,Bob,Ulm\n3,Cy,Kiel\n')
    assert values(found) == [
        b'1,"Ada,Bonn',
        {"id": "2", "name": "Bob", "city": "Ulm"},
        {"id": "3", "name": "Cy", "city": "Kiel"},
    ]
    assert rules(found) == {"quoting"}


def test_a_quote_that_never_closes_in_a_long_file_costs_its_own_line_only():
    found = rows('id,name,city\n1,"Ada,Bonn\n' + "2,Bob,Ulm\n" * 5000)
    assert len(found) == 5001
    assert [row.payload for row in found if row.format == "text"] == [b'1,"Ada,Bonn']


def test_text_after_a_closing_quote_costs_its_own_line_only():
    found = rows('id,name,city\n1,"Ada"x,Bonn\n2,Bob,Ulm\n')
    assert [row.format for row in found] == ["text", "csv_row"]


def test_a_field_may_be_long():
    assert values(rows(f"id,name,city\n1,{'x' * 500_000},Bonn\n"))[0]["name"] == "x" * 500_000


def test_a_line_without_end_makes_the_file_unreadable():
    with pytest.raises(UnreadableFileError, match="lines of at most"):
        rows(b"id,name,city\n" + b"x" * (MAX_LINE_BYTES + 1))


def test_memory_does_not_grow_with_the_file(tmp_path):
    file = tmp_path / "long.csv"
    file.write_bytes(b"id,name,city\n" + b"1,Ada Lovelace,Bonn\n" * 100_000)
    tracemalloc.start()
    with file.open("rb") as stream:
        assert sum(1 for _ in csv_rows(stream, FIELDS)) == 100_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < file.stat().st_size / 4


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.lists(st.tuples(*[st.text(st.characters(exclude_categories=["Cs"]), max_size=12)] * 3), max_size=8))
def test_what_a_csv_writer_writes_is_read_back(cells):
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([("id", "name", "city"), *cells])
    assert [tuple(v.values()) for v in values(rows(written.getvalue()))] == [tuple(c) for c in cells]


@settings(derandomize=True, database=None, deadline=None, max_examples=300)
@given(st.lists(st.text(alphabet='ab,"\r;é', max_size=10), max_size=12))
def test_no_line_is_lost_whatever_the_quotes(lines):
    found = rows("id,name,city\n" + "".join(f"{line}|{n}\n" for n, line in enumerate(lines)))
    kept = "".join(row.payload.decode() for row in found)
    assert all(f"|{n}" in kept for n in range(len(lines)))


def test_json_lines_are_rows_without_their_line_ends_and_blank_lines_are_none():
    found = list(json_rows(io.BytesIO(b'\xef\xbb\xbf{"a":1}\r\n\n  \n{"b": 2} \n[3')))
    assert [row.payload for row in found] == [b'{"a":1}', b'{"b": 2} ', b"[3"]
