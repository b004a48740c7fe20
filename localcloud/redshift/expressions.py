"""Redshift expressions mean on DuckDB what they mean on Redshift, or are refused; none is silently different.

sqlglot translates names and syntax; this file adds what it does not know: integer averages, division by zero,
string concatenation with NULL, case of `regexp_replace`, byte lengths. Measured on sqlglot 30.30.0, DuckDB 1.5.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from localcloud.redshift.errors import UnsupportedStatementError

# Redshift's functions that sqlglot passes on by name and DuckDB does not have, or has with another meaning.
MACROS = """
create or replace macro redshift_average(mean, probe) as
  cast_to_type(case when typeof(probe) like '%INT%' then trunc(mean) else mean end, probe);
create or replace macro redshift_divide(a, b) as case when b = 0 then error('division by zero') else a / b end;
create or replace macro redshift_truncate(x timestamp) as cast(x as date), (x double) as trunc(x);
create or replace macro is_valid_json(text) as json_valid(text);
"""

# strftime codes whose Redshift meaning is the same; to_char pads names of months and days with blanks.
TIME_CODES = set("YmdHMSfjbBaAyIp")
PADDED_NAMES = {"%A", "%B"}

REFUSED: dict[type[exp.Expression], str] = {
    exp.SimilarTo: "SIMILAR TO is a full regular expression on DuckDB and not on Redshift; use LIKE or ~",
    exp.Into: "SELECT INTO is not emulated; use CREATE TABLE AS",
    exp.Pivot: "PIVOT is not emulated; use CASE",
}


def rewrite(tree: exp.Expression) -> exp.Expression:
    """The tree with Redshift's meaning spelled out for DuckDB; raises UnsupportedStatementError."""
    for kind, reason in REFUSED.items():
        if tree.find(kind):
            raise UnsupportedStatementError(reason)
    for kind, change in REWRITES.items():
        for node in list(tree.find_all(kind)):
            change(node)
    _averages(tree)
    return tree


def literal(value: object) -> exp.Expression:
    """A bound parameter as a literal: the drivers send text, numbers, dates and times."""
    if isinstance(value, str):
        return exp.Literal.string(value)
    return exp.convert(value)


def max_bytes(kind: exp.DataType) -> int | None:
    """Bytes a character type holds; None for other types. Without a length: varchar 256, char 1."""
    if kind.this not in exp.DataType.TEXT_TYPES:
        return None
    if kind.expressions:
        size = kind.expressions[0].name.lower()
        return 65535 if size == "max" else int(size)
    return 1 if kind.this in (exp.DataType.Type.CHAR, exp.DataType.Type.NCHAR) else 256


def _averages(tree: exp.Expression) -> None:
    """AVG of integers is a truncated integer on Redshift; a MAX over the same rows tells the macro the type."""
    while average := next((a for a in tree.find_all(exp.Avg) if not a.meta.get("is_typed")), None):
        average.meta["is_typed"] = True
        outer: exp.Expression = average
        while isinstance(outer.parent, exp.Filter | exp.Window) and outer.arg_key == "this":
            outer = outer.parent
        probe = outer.copy()
        typed = next(a for a in probe.find_all(exp.Avg) if a.meta.get("is_typed"))
        greatest = exp.Max(this=typed.this)
        if probe is typed:
            probe = greatest
        else:
            typed.replace(greatest)
        outer.replace(exp.Anonymous(this="redshift_average", expressions=[outer.copy(), probe]))


def _division(node: exp.Div) -> None:
    node.replace(exp.Anonymous(this="redshift_divide", expressions=[node.this, node.expression]))


def _concat(node: exp.Concat) -> None:
    first, *rest = node.expressions
    joined = first
    for part in rest:
        joined = exp.DPipe(this=joined, expression=part)
    node.replace(exp.paren(joined))


def _current_timestamp(node: exp.CurrentTimestamp) -> None:
    zone = exp.AtTimeZone(this=exp.CurrentTimestamp(), zone=exp.Literal.string("UTC"))
    if not isinstance(node.parent, exp.AtTimeZone):
        node.replace(exp.paren(zone))


def _regexp_replace(node: exp.RegexpReplace) -> None:
    if node.args.get("position") or node.args.get("occurrence") or node.args.get("modifiers"):
        raise UnsupportedStatementError("REGEXP_REPLACE with a position or parameters is not emulated")
    arguments = [node.this, node.expression, node.args.get("replacement") or exp.Literal.string("")]
    node.replace(exp.Anonymous(this="regexp_replace", expressions=[*arguments, exp.Literal.string("g")]))


def _listagg(node: exp.GroupConcat) -> None:
    # sqlglot reads LISTAGG(DISTINCT x, ',') as a DISTINCT over both arguments.
    if isinstance(node.this, exp.Distinct) and len(node.this.expressions) == 2:
        value, separator = node.this.expressions
        node.set("this", exp.Distinct(expressions=[value]))
        node.set("separator", separator)


def _cast(node: exp.Cast) -> None:
    size = max_bytes(node.to)
    if size is not None and node.to.expressions:
        text = exp.cast(node.this, "text", dialect="duckdb")
        node.replace(exp.Anonymous(this="left", expressions=[text, exp.Literal.number(size)]))


def _data_type(node: exp.DataType) -> None:
    if node.this == exp.DataType.Type.SUPER:
        raise UnsupportedStatementError("type SUPER is not emulated; keep JSON in a varchar")


def _to_char(node: exp.TimeToStr) -> None:
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal):
        raise UnsupportedStatementError("TO_CHAR with a format that is not a literal is not emulated")
    codes = re.findall(r"%-?.", pattern.this)
    rest = re.sub(r"%-?.", "", pattern.this)
    if PADDED_NAMES & set(codes) or not {c[-1] for c in codes} <= TIME_CODES or re.search(r"[A-Za-z0-9\"]", rest):
        raise UnsupportedStatementError("TO_CHAR with this format is not emulated; use EXTRACT or a number")


def _like(node: exp.Like | exp.ILike) -> None:
    # Redshift's LIKE escapes with a backslash unless told otherwise, DuckDB's with nothing.
    if "\\" in node.expression.name and not isinstance(node.parent, exp.Escape):
        node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))


def _anonymous(node: exp.Anonymous) -> None:
    window = node.parent
    if node.name.lower() == "isnull":
        node.replace(exp.func("coalesce", *node.expressions))
    if node.name.lower() == "ratio_to_report" and isinstance(window, exp.Window):
        (value,) = node.expressions
        total = window.copy()
        total.set("this", exp.Sum(this=value.copy()))
        share = exp.Div(this=exp.cast(value.copy(), "double"), expression=exp.func("nullif", total, exp.convert(0)))
        window.replace(exp.paren(share))


def _trunc(node: exp.Trunc) -> None:
    # DuckDB cannot choose a macro by the type of an aggregate; a number is then the likelier argument.
    if not node.args.get("decimals") and not node.this.find(exp.AggFunc):
        node.replace(exp.Anonymous(this="redshift_truncate", expressions=[node.this]))


REWRITES: dict[type[exp.Expression], Callable[..., None]] = {
    exp.DataType: _data_type,
    exp.Div: _division,
    exp.Concat: _concat,
    exp.CurrentTimestamp: _current_timestamp,
    exp.RegexpReplace: _regexp_replace,
    exp.GroupConcat: _listagg,
    exp.Cast: _cast,
    exp.TimeToStr: _to_char,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Anonymous: _anonymous,
    exp.Trunc: _trunc,
}
