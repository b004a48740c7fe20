"""What writing a table would change is found by comparing rows on the primary key, in the same SQL on every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cdp.dataset import Dataset
from cdp.steps import Engine


@dataclass(frozen=True)
class Change:
    """What writing a table changed, in rows; `rows` is its size afterwards."""

    inserted: int
    updated: int
    deleted: int
    rows: int

    @property
    def is_any(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.inserted or self.updated or self.deleted)


def compare(engine: Engine, dataset: Dataset, old: str, new: str) -> Change:
    """Full join on the key; the rows that differ stay in `changed`, with their partition before and after."""
    keys = " and ".join(f"n.{k} is not distinct from o.{k}" for k in dataset.primary_key)
    differs = " or ".join(f"n.{c.name} is distinct from o.{c.name}" for c in dataset.columns)
    partitions = "".join(f", n.{p} as new_partition, o.{p} as old_partition" for p in dataset.partition_by)
    engine.step(
        "changed",
        f"""select case when o.is_there is null then 'inserted'
                        when n.is_there is null then 'deleted' else 'updated' end as kind {partitions}
            from (select *, true as is_there from {new}) n
            full join (select *, true as is_there from {old}) o on {keys}
            where n.is_there is null or o.is_there is null or {differs}""",
    )
    kinds = {row["kind"]: row["n"] for row in engine.query("select kind, count(*) as n from changed group by kind")}
    rows = engine.query(f"select count(*) as n from {new}")[0]["n"]
    return Change(kinds.get("inserted", 0), kinds.get("updated", 0), kinds.get("deleted", 0), rows)


def touched_partitions(engine: Engine, dataset: Dataset, new: str) -> list[dict[str, Any]]:
    """After `compare`: partition values whose rows changed, in order, as {"value", "n"} with their rows in `new`."""
    partition = dataset.partition_by[0]
    return engine.query(
        f"""select p as value, coalesce(n, 0) as n
            from (select new_partition as p from changed union select old_partition from changed) t
            left join (select {partition} as p, count(*) as n from {new} group by 1) c using (p)
            where p is not null order by p"""
    )
