"""Glue job: what changed in the star is in the warehouse, all tables in one transaction, exactly once."""

from __future__ import annotations

from cdp.aws.warehouse import Warehouse
from cdp.aws.warehouse_load import load_star
from cdp.job import Job, job, report


def load_warehouse(j: Job) -> None:
    """Load every table and write the accounts and row counts to the ledger."""
    warehouse = Warehouse(j.settings)
    try:
        done = load_star(j.lake, j.engine, warehouse, j.run_id, j.run_at)
    finally:
        warehouse.close()
    for load, fates in done:
        j.ledger.put_fates(j.run_id, fates)
        j.ledger.put_row_count(f"warehouse.{load.table}", j.run_id, j.run_at.isoformat(), load.total)
        report(stage=fates.stage, table=load.table, kind=load.kind, upserted=load.upserted, deleted=load.deleted)


if __name__ == "__main__":
    with job() as j:
        load_warehouse(j)
