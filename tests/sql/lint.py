"""A SQL step means the same on DuckDB and on Spark: it stays inside the subset of docs/sql.md.

Run as `python -m tests.sql.lint`: a line per finding, `file:line: rule: what to write`, and exit code 1. It looks at
sql/lake and at the quality rules of the dataset contracts, as they are compiled.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import sqlglot
import yaml
from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.tokens import Token, TokenType

from cdp.clean_layout import LAYOUTS, typed_schema
from cdp.dataset import ARROW_TYPES, Dataset
from cdp.quality_rules import compile_rules
from cdp.survivorship import PLACES

ROOT = Path(__file__).resolve().parents[2]
STEPS = ROOT / "sql/lake"
MATRIX = ROOT / "tests/engines/expressions.yml"
# What a capability registers beside tables and typed records, by name, with its columns.
INPUTS = {"attribute": dict.fromkeys(("attribute", *PLACES), "string")}

# Written with a bracket behind them, but no functions.
KEYWORDS = re.compile(
    r"all|and|any|as|between|by|case|cross|decimal|distinct|else|except|exists|from|full|having|in|inner|intersect|is"
    r"|join|left|not|on|or|outer|over|right|select|then|union|using|values|when|where|with"
)
# Never, whatever the matrix says: both engines know them and mean different things.
FORBIDDEN = {
    "split": "its separator is a pattern in Spark and plain text in DuckDB; use regexp_extract",
    "hash": "every engine has its own; use md5 or sha2",
    "xxhash64": "every engine has its own; use md5 or sha2",
    "get_json_object": "the engines disagree on odd JSON; records are parsed in cdp/records.py",
}
CLOCKS = {"current_date", "current_time", "current_timestamp", "localtimestamp"}
IN_ORDER = (exp.RowNumber, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue)
WHOLE = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
TEXT = {exp.DType.TEXT, exp.DType.VARCHAR}
PRINTS_ALIKE = WHOLE | TEXT | {exp.DType.DATE, exp.DType.BOOLEAN, exp.DType.NULL}
# Functions whose text is a whole number in digits.
DIGITS = {"conv", "date_format"}
# sqlglot knows no type of max_by: it is that of the value.
SAME_TYPE = {"annotator": lambda annotator, node: annotator._annotate_by_args(node, "this")}
TYPES = {**Spark.EXPRESSION_METADATA, exp.ArgMax: SAME_TYPE, exp.ArgMin: SAME_TYPE}

Columns = Mapping[str, str]


@dataclass(frozen=True, order=True)
class Finding:
    """A place in a file that one engine may read otherwise than the other."""

    path: str
    line: int
    rule: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.advice}"


def check(sql: str, path: str, tables: Mapping[str, Columns] | None = None) -> list[Finding]:
    """Findings in one query over tables of the lake and steps, or over `tables`: their columns say what a cast does."""
    text = _without_parameters(sql)
    tokens = sqlglot.tokenize(text, read="spark")
    tree = sqlglot.parse_one(text, read="spark")
    found = {*_in_words(text, tokens)}
    for node in tree.walk():
        for place, rule, advice in _in_node(node):
            found.add((_line(place), rule, advice))
    for node in _typed(tree, read_by(tree) if tables is None else tables).find_all(exp.Cast):
        if (change := _changes_value(node)) is not None:
            found.add((_line(node), "cast", change))
    return sorted(Finding(path, line, rule, advice) for line, rule, advice in found)


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Names of the functions a text calls, as written, with the line."""
    yield from _functions(sqlglot.tokenize(text, read="spark"))


@cache
def allowed_functions() -> frozenset[str]:
    """Functions that have a row in the expression matrix."""
    entries = yaml.safe_load(MATRIX.read_text())["entries"]
    texts = [e.get("expression") or e.get("aggregate") or e.get("query") for e in entries if "differs" not in e]
    return frozenset(name for text in texts for name, _ in functions(text))


def _without_parameters(sql: str) -> str:
    return re.sub(r"(?<![:\w']):[a-z_]+\b", "(null)", sql)


def _functions(tokens: list[Token]) -> Iterator[tuple[str, int]]:
    for i, (token, after) in enumerate(pairwise(tokens)):
        name = token.text.lower()
        is_named_here = i > 0 and tokens[i - 1].text.lower() == "as"
        is_word = name.isidentifier() and token.token_type is not TokenType.STRING
        if after.token_type is TokenType.L_PAREN and is_word and not KEYWORDS.fullmatch(name) and not is_named_here:
            yield name, token.line


def _in_words(text: str, tokens: list[Token]) -> Iterator[tuple[int, str, str]]:
    for name, line in _functions(tokens):
        if name in FORBIDDEN:
            yield line, "function", f"{name}: {FORBIDDEN[name]}"
        elif name not in allowed_functions():
            yield line, "function", f"{name} has no row in tests/engines/expressions.yml"
    for before, token in pairwise([None, *tokens]):
        name = token.text.lower()
        if token.token_type is TokenType.STRING:
            is_doubled = before is not None and before.token_type is TokenType.STRING and before.end + 1 == token.start
            if is_doubled or "\\" in text[token.start : token.end]:
                yield token.line, "text", "a backslash or a doubled quote is read differently; use a parameter or chr()"
        elif name in ("timestamp", "timestamp_ntz"):
            yield token.line, "timestamp", "it drops the offset; write timestamp_ltz"
        elif name in CLOCKS:
            yield token.line, "clock", "time is passed in: use a parameter such as :run_at"
        elif token.token_type is TokenType.DPIPE:
            yield token.line, "concatenation", "|| is null when one side is; use concat_ws"


def _in_node(node: exp.Expression) -> Iterator[tuple[exp.Expression, str, str]]:
    if isinstance(node, exp.Div | exp.IntDiv | exp.Mod) and not _is_never_zero(node.expression):
        yield node, "division", "by zero the engines differ; write / nullif(…, 0)"
    if type(node) is exp.Concat and not all(_is_never_null(part) for part in node.expressions):
        yield node, "concatenation", "concat with a null differs; use concat_ws, or coalesce every part"
    if isinstance(node, exp.Limit) and not node.parent.args.get("order"):
        yield node, "limit", "which rows it keeps is chance; add order by"
    if isinstance(node, exp.Window) and isinstance(node.this, IN_ORDER) and not _is_ordered(node):
        yield node, "window", f"{node.this.sql_name().lower()} without order by numbers rows by chance"
    if isinstance(node, exp.Join) and (condition := node.args.get("on")) is not None:
        yield from _in_join(list(condition.flatten()) if isinstance(condition, exp.And) else [condition])


def _in_join(conditions: list[exp.Expression]) -> Iterator[tuple[exp.Expression, str, str]]:
    for condition in conditions:
        tables = {column.table for column in condition.find_all(exp.Column)}
        if "" in tables:
            yield condition, "join", "name the table of every column in on"
        elif len(tables) < 2:
            yield condition, "join", "on one side only, DuckDB compares every pair; put it into a CTE before the join"
    if not any(isinstance(condition, exp.EQ | exp.NullSafeEQ) for condition in conditions):
        yield conditions[0], "join", "without an equality every pair is compared; add one"


def _is_never_zero(node: exp.Expression) -> bool:
    node = node.unnest()
    return isinstance(node, exp.Nullif) or (isinstance(node, exp.Literal) and float(node.this) != 0)


def _is_never_null(node: exp.Expression) -> bool:
    return isinstance(node, exp.Literal | exp.Coalesce | exp.Chr)


def _is_ordered(window: exp.Window) -> bool:
    select = window.find_ancestor(exp.Select)
    named = {w.name: w for w in (select.args.get("windows") or [])} if select else {}
    return bool((named.get(window.alias) or window).args.get("order"))


def _changes_value(cast: exp.Cast) -> str | None:
    source, target = cast.this.type or exp.DataType.build("unknown"), cast.to
    words = f"from {source.sql('spark').lower()} to {target.sql('spark').lower()}"
    if target.this in WHOLE and not (source.this in WHOLE | {exp.DType.NULL} or _is_whole(source)):
        if not (isinstance(cast.this, exp.Func) and _written_name(cast.this) in DIGITS):
            return f"{words} rounds in DuckDB and cuts or gives null in Spark"
    elif target.this in TEXT and source.this not in PRINTS_ALIKE:
        return f"{words} is written differently; cast unix_micros(…), or keep the value"
    elif target.this is exp.DType.DECIMAL and source.this not in WHOLE | {exp.DType.NULL} and not _fits(source, target):
        return f"{words} rounds differently"
    return None


def _written_name(function: exp.Func) -> str:
    return str(function.sql("spark")).split("(")[0].lower()


def _scale(kind: exp.DataType) -> int:
    return int(kind.expressions[1].name) if len(kind.expressions) > 1 else 0


def _is_whole(kind: exp.DataType) -> bool:
    return kind.this is exp.DType.DECIMAL and _scale(kind) == 0


def _fits(source: exp.DataType, target: exp.DataType) -> bool:
    return source.this is exp.DType.DECIMAL and _scale(source) <= _scale(target)


def _line(node: exp.Expression | None) -> int:
    """The first line on which anything of a node stands, else of what it stands in."""
    while node is not None:
        lines = [part.meta["line"] for part in node.walk() if "line" in part.meta]
        if lines:
            return min(lines)
        node = node.parent
    return 1


def _typed(tree: exp.Expression, tables: Mapping[str, Columns]) -> exp.Expression:
    known = {name: dict(columns) for name, columns in tables.items()}
    qualified = qualify(tree.copy(), schema=known, dialect="spark", validate_qualify_columns=False)
    return annotate_types(qualified, schema=known, expression_metadata=TYPES, dialect="spark")


@cache
def columns_of(table: str) -> Columns:
    """Columns with their types of whatever a step may read: a lake table, typed records, another step."""
    if table in (lake := {dataset.name.replace(".", "_"): dataset for dataset in Dataset.all()}):
        return {column.name: column.type for column in lake[table].columns}
    if (dataset := table.removeprefix("typed_")) in LAYOUTS and dataset != table:
        spark = {arrow: name for name, arrow in ARROW_TYPES.items()}
        return {field.name: spark[field.type] for field in typed_schema(dataset)}
    if table in INPUTS:
        return INPUTS[table]
    for file in STEPS.rglob(f"{table}.sql"):
        tree = sqlglot.parse_one(_without_parameters(file.read_text()), read="spark")
        typed = _typed(tree, read_by(tree))
        return {column.alias_or_name: column.type.sql("spark") for column in typed.selects}
    return {}


def read_by(tree: exp.Expression) -> dict[str, Columns]:
    """The tables a query reads, with their columns."""
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    names = {table.name for table in tree.find_all(exp.Table)} - own
    return {name: columns for name in sorted(names) if (columns := columns_of(name))}


def check_steps() -> Iterator[Finding]:
    """Findings in sql/lake."""
    for file in sorted(STEPS.rglob("*.sql")):
        yield from check(file.read_text(), str(file.relative_to(ROOT)))


def check_rules() -> Iterator[Finding]:
    """Findings in what the quality rules become, at the line of the rule's name."""
    for dataset in Dataset.all():
        path = f"data_quality/datasets/{dataset.name}.yml"
        lines = (ROOT / path).read_text().splitlines()
        for rule in compile_rules(dataset):
            named = [i for i, line in enumerate(lines, 1) if re.fullmatch(rf"\s*- name: {rule.name}", line)]
            queries = (f"select {rule.measure} as measured from {dataset.name.replace('.', '_')}", rule.sample)
            for finding in {f for sql in queries if sql for f in check(sql, path)}:
                yield Finding(path, named[0] if named else 1, finding.rule, finding.advice)


def main(checks: tuple[Callable[[], Iterator[Finding]], ...] = (check_steps, check_rules)) -> int:
    """Print every finding; 1 when there is one."""
    found = sorted(finding for look in checks for finding in look())
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
