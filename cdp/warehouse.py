"""How the star gets into Redshift, as SQL text: every statement names its columns, and a load is one transaction.

The statements come from the dataset contracts: seven files of loads would be copies of each other. The tables are
files (`sql/warehouse/tables`), because distribution, sort order and encoding are choices of each table.
`docs/warehouse_load.md` shows one load written out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cdp.accounting import Fates
from cdp.dataset import Dataset

STAGE = "load_warehouse"
MANIFEST = "load_manifest"
# Dimensions before facts: a foreign key names a table that must exist.
TABLES = (
    "dim_date",
    "dim_channel",
    "dim_geography",
    "dim_campaign",
    "dim_product",
    "dim_customer",
    "bridge_customer_identity",
    "fact_sales",
    "fact_clickstream",
    "fact_session",
    "fact_campaign_contact",
    "fact_support_ticket",
    "fact_consent",
    "fact_customer_score",
)
# Views after those they read.
VIEWS = (
    "customer_interaction",
    "customer_transaction",
    "customer_segment",
    "customer_profile",
    "customer_360",
)

FULL, CHANGES, UNCHANGED = "full", "changes", "unchanged"

# Loads wait for each other here, so that each one starts from what the one before has left.
LOCK_MANIFEST = f"lock {MANIFEST}"
LAST_LOADS = f"""select table_name, snapshot_id, load_number from {MANIFEST} as loads
qualify row_number() over (partition by table_name order by load_number desc) = 1"""


@dataclass(frozen=True)
class TableLoad:
    """What one load does to one table, in rows; `total` is what the table must hold afterwards.

    `source` is the s3:// address of the COPY manifest, empty when there is nothing to copy. `sums` are those of the
    lake's amounts and counts, which the warehouse must have too; empty when the table is as it was loaded last.
    """

    table: str
    kind: str
    snapshot_id: int
    total: int
    upserted: int = 0
    deleted: int = 0
    source: str = ""
    sums: Mapping[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """Rows handed to the warehouse."""
        return self.upserted + self.deleted

    def fates(self, staged: int) -> Fates:
        """The stage's account: rows exported against rows that arrived in staging and were merged."""
        return Fates(STAGE, self.table, received=self.changed, accepted=staged)


def dataset_of(table: str) -> Dataset:
    """The dataset contract of a warehouse table."""
    return Dataset.load(f"curated.{table}")


def changes_query(table: str, names: Sequence[str], current: str, loaded: str | None) -> str:
    """Rows to hand over, with `is_deleted` as last column: all of `current`, or its differences to `loaded`.

    `names` are the columns in the warehouse's order. Runs on the lake's engine; NULLs compare as equal.
    """
    dataset = dataset_of(table)
    columns = ", ".join(names)
    if loaded is None:
        return f"select {columns}, false as is_deleted from {current}"
    return f"""select {columns}, false as is_deleted
from (select {columns} from {current} except select {columns} from {loaded}) as upserted
union all
select {columns}, true as is_deleted from {loaded}
where not exists (select 1 from {current} where {_same_key(dataset, current, loaded)})"""


def stage_statements(load: TableLoad, iam_role: str) -> list[str]:
    """A temporary table like the target plus `is_deleted`, filled by COPY.

    COPY from Parquet takes the columns in the files' order and no column list; a manifest keeps files of an
    earlier attempt out. https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
    """
    if not load.source:
        return []
    staging = staging_of(load.table)
    return [
        f"create temp table {staging} (like {load.table})",
        f"alter table {staging} add column is_deleted boolean",
        f"copy {staging} from '{load.source}' iam_role '{iam_role}' format as parquet manifest",
    ]


def staged_query(load: TableLoad) -> str:
    """Rows that arrived in staging: `staged` in all, `deleted` of them marked as deleted."""
    return f"select count(*) as staged, count(case when is_deleted then 1 end) as deleted from {staging_of(load.table)}"


def merge_statements(load: TableLoad) -> list[str]:
    """Make the target hold what the lake holds, from staging.

    MERGE in Redshift takes a table as its source, not a subquery, and one action for all matches: rows marked as
    deleted leave both tables first. https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html
    """
    table, staging = load.table, staging_of(load.table)
    whole = [f"delete from {table}"] if load.kind == FULL else []
    if not load.source:
        return whole
    dataset = dataset_of(table)
    columns = [c.name for c in dataset.columns]
    values = [c for c in columns if c not in dataset.primary_key]
    deleted = (
        f"delete from {table} using {staging}\nwhere {_same_key(dataset, table, staging)} and {staging}.is_deleted"
    )
    return [
        *(whole or [deleted]),
        f"delete from {staging} where is_deleted",
        f"""merge into {table} using {staging} as staged
on {_same_key(dataset, table, "staged")}
when matched then update set
    {_lines(f"{c} = staged.{c}" for c in values)}
when not matched then insert (
    {_lines(columns)}
) values (
    {_lines(f"staged.{c}" for c in columns)}
)""",
        f"drop table {staging}",
    ]


def sums_query(table: str, rows: str) -> str | None:
    """The sum of every amount and count of a table, one row; on the lake's engine and on Redshift. None without any.

    Sums of key columns would be no more: that the rows are the same ones is what the count and the MERGE say.
    """
    names = [c.name for c in dataset_of(table).columns if c.name.endswith("_cents") or c.name.startswith("count_")]
    names += [c.name for c in dataset_of(table).columns if c.name == "quantity"]
    if not names:
        return None
    return f"select {', '.join(f'sum(cast({name} as decimal(38, 0))) as {name}' for name in names)} from {rows}"


def difference(load: TableLoad, rows: int, sums: Mapping[str, int]) -> str:
    """How the warehouse's table, with these rows and sums, differs from the lake's; empty when it does not."""
    if rows != load.total:
        return f"{load.table} would have {rows} rows and the lake has {load.total}"
    wrong = [
        f"{load.table}.{name} would add up to {sums[name]} and the lake's to {load.sums[name]}"
        for name in load.sums
        if sums[name] != load.sums[name]
    ]
    return "; ".join(wrong)


def manifest_statement(
    load: TableLoad, load_number: int, run_id: str, run_at: datetime
) -> tuple[str, tuple[object, ...]]:
    """The insert that records the load, with its parameters (`%s`)."""
    values = {
        "load_number": load_number,
        "table_name": load.table,
        "run_id": run_id,
        "run_at": run_at.replace(tzinfo=None),
        "snapshot_id": load.snapshot_id,
        "kind": load.kind,
        "upserted": load.upserted,
        "deleted": load.deleted,
        "total": load.total,
        "source": load.source,
    }
    places = ", ".join(["%s"] * len(values))
    return f"insert into {MANIFEST} ({', '.join(values)}) values ({places})", tuple(values.values())


def staging_of(table: str) -> str:
    """Name of a table's temporary staging table."""
    return f"staging_{table}"


def _same_key(dataset: Dataset, left: str, right: str) -> str:
    return " and ".join(f"{left}.{k} = {right}.{k}" for k in dataset.primary_key)


def _lines(parts: Iterable[str]) -> str:
    return ",\n    ".join(parts)
