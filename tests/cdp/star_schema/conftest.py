"""The star over given rows."""

from datetime import UTC, datetime

import pytest

from cdp.star_schema import PARTS, build_part

RUN_AT = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)


@pytest.fixture
def build(engine, given):
    """The star over the given rows by table; returns a query function."""

    def build(products=(), lines=(), events=(), identifiers=(), goldens=(), **other):
        named = {
            "clean.product": products,
            "clean.transaction": lines,
            "clean.clickstream_event": events,
            "identity.identifier": identifiers,
            "curated.golden_record": goldens,
            **{f"clean.{name}": rows for name, rows in other.items()},
        }
        for name in {table for part in PARTS for table in part.reads}:
            given(name, *named.get(name, ()))
        build.fates = [fates for part in PARTS for fates in build_part(engine, part, RUN_AT)]
        return engine.query

    return build
