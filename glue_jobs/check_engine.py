"""The smoke test of an account: the engine writes, changes and removes an Iceberg row, and the lake sees it.

All of it happens on a branch of its own, which is discarded at the end. Start it by hand after a deployment, see
docs/glue.md; it fails with what it found and what it should have found.
"""

from cdp.aws.lake import Lake
from cdp.engines.change import Change
from cdp.job import Job, job, report

TABLE, ROWS = "curated.dim_channel", "curated_dim_channel"
CHECK = "select -2 as channel_key, 'check' as channel, 'unknown' as channel_group, {is_online} as is_online"


class EngineCheckError(Exception):
    """The engine and the lake do not agree; the message says on what."""


def check_engine(j: Job) -> None:
    """Insert, update and delete a row on the branch, reading it back by way of the lake. Raises EngineCheckError."""
    published = Lake(j.settings)
    snapshot, rows = published.snapshot_id(TABLE), published.row_count(TABLE)
    j.lake.discard([TABLE])
    try:
        j.engine.read(TABLE)
        others = f"select * from {ROWS} where channel_key <> -2"
        for number, (sql, change) in enumerate(
            (
                (f"{others} union all {CHECK.format(is_online='true')}", Change(1, 0, 0, rows + 1)),
                (f"{others} union all {CHECK.format(is_online='false')}", Change(0, 1, 0, rows + 1)),
                (others, Change(0, 0, 1, rows)),
            )
        ):
            j.engine.step(f"check_{number}", sql)
            _expect(f"write {number}", j.engine.write(TABLE, f"check_{number}"), change)
            _expect(f"rows after write {number}", Lake(j.settings, j.lake.branch).row_count(TABLE), change.rows)
        _expect("the published snapshot", Lake(j.settings).snapshot_id(TABLE), snapshot)
    finally:
        j.lake.discard([TABLE])
    report(checked=TABLE, engine=j.settings.engine, rows=rows)


def _expect(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise EngineCheckError(f"{what}: expected {expected}, found {found}; compare --conf with docs/glue.md")


if __name__ == "__main__":
    with job() as j:
        check_engine(j)
