"""What a Redshift statement becomes before the engine runs it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from localcloud.redshift import catalog


@dataclass(frozen=True)
class Sql:
    """Run `text` on DuckDB; `tag` is the command's name, `has_rows` whether it answers with rows."""

    text: str
    tag: str
    has_rows: bool = False


@dataclass(frozen=True)
class Merge(Sql):
    """A MERGE; `duplicates` is a query that finds a target row matched twice, which Redshift refuses."""

    duplicates: str = ""


@dataclass(frozen=True)
class CreateTable(Sql):
    """A CREATE TABLE that stays; `columns` are as declared, for the catalog."""

    table: str = ""
    columns: tuple[catalog.Declared, ...] = ()


@dataclass(frozen=True)
class DropRelation(Sql):
    """A DROP TABLE or DROP VIEW."""

    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class AlterTable(Sql):
    """An ALTER TABLE; `tree` is the statement, for a table that the catalog describes."""

    tree: exp.Alter = field(default_factory=exp.Alter)


@dataclass(frozen=True)
class CreateLike:
    """CREATE [TEMP] TABLE name (LIKE parent): columns, NOT NULL and byte lengths are taken over."""

    name: str
    parent: str
    is_temporary: bool


@dataclass(frozen=True)
class MaterializedView:
    """CREATE MATERIALIZED VIEW (with a query) or REFRESH MATERIALIZED VIEW (without)."""

    name: str
    query: str | None = None


@dataclass(frozen=True)
class Transaction:
    """BEGIN, COMMIT or ROLLBACK."""

    action: str


@dataclass(frozen=True)
class Lock:
    """LOCK table until the transaction ends."""

    table: str


@dataclass(frozen=True)
class S3Command:
    """COPY or UNLOAD; `text` is the statement."""

    kind: str
    text: str


@dataclass(frozen=True)
class Recorded:
    """Accepted and listed; `needs_autocommit` when Redshift refuses it in a transaction."""

    kind: str
    text: str
    needs_autocommit: bool = False


Command = Sql | CreateLike | MaterializedView | Transaction | Lock | S3Command | Recorded
