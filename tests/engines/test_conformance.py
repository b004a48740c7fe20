"""Every step and every table is the same on Spark as on DuckDB."""

from __future__ import annotations

import pytest

from tests.engines import pipeline
from tests.engines.edge_rows import edge_rows, no_rows
from tests.engines.generated_rows import generated_rows

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", params=["edges", "nothing", "generated"])
def ran(engines, request, tmp_path_factory):
    if request.param == "generated":
        typed = generated_rows(tmp_path_factory.mktemp("generated"))
    else:
        typed = {"edges": edge_rows, "nothing": no_rows}[request.param]()
    engines.each(lambda engine: pipeline.run(engine, typed))
    return engines


@pytest.mark.parametrize("step", pipeline.STEPS)
def test_a_step_has_the_same_rows(ran, step):
    ran.agree_on(step)


@pytest.mark.parametrize("table", pipeline.TABLES)
def test_a_table_has_the_same_rows_and_types(ran, table):
    ran.agree_on_table(table, pipeline.TABLES[table])
