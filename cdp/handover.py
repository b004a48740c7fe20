"""What one stage handed over is in the next exactly once, key by key; a record that is not is named."""

from __future__ import annotations

from cdp.accounting import SAMPLE_RECORDS, Fates
from cdp.dataset import Dataset
from cdp.steps import Engine


def handed_over(engine: Engine, stage: str, dataset: str, received: str, accepted: str, key: tuple[str, ...]) -> Fates:
    """The fates of the rows of the query `received` (key columns and `record_id`, one row per key).

    Accepted are those that the step or table `accepted` has once; rows of it that nobody handed over count as
    accepted too, so that the account does not balance.
    """
    same = " and ".join(f"r.{k} = a.{k}" for k in key)
    columns = ", ".join(key)
    pairs = f"""with
        received as ({received}),
        arrived as (select {columns}, count(*) as n from {accepted} group by {columns}),
        pairs as (
          select r.record_id, r.{key[0]} is not null as is_received, a.n
          from received r
          full join arrived a on {same}
        )"""
    (counts,) = engine.query(
        f"""{pairs}
        select count(case when is_received then 1 end) as received,
          count(case when not is_received or n = 1 then 1 end) as accepted,
          count(case when is_received and coalesce(n, 0) <> 1 then 1 end) as lost
        from pairs"""
    )
    lost = []
    if counts["lost"]:
        lost = engine.query(
            f"""{pairs}
            select record_id from pairs where is_received and coalesce(n, 0) <> 1
            order by record_id limit {SAMPLE_RECORDS}"""
        )
    return Fates(
        stage, dataset, counts["received"], counts["accepted"], lost=tuple(str(row["record_id"]) for row in lost)
    )


def without_row(engine: Engine, dataset: Dataset, arrived: str, table: str) -> list[str]:
    """Ids of records of the input `arrived` whose key the table has not; keys are compared without regard to case."""
    is_text = {c.name: c.type == "string" for c in dataset.columns}
    same = " and ".join(f"lower(t.{k}) = lower(a.{k})" if is_text[k] else f"t.{k} = a.{k}" for k in dataset.primary_key)
    found = engine.query(
        f"select a.record_id from {arrived} a left join {table} t on {same} where t.record_id is null order by 1"
    )
    return [row["record_id"] for row in found]
