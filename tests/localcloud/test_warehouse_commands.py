"""`make warehouse-plan`, `make warehouse-migrate` and `make warehouse-access` as a person runs them."""

import json

import pytest

from localcloud.__main__ import main
from localcloud.redshift import RedshiftServer

pytestmark = pytest.mark.slow


@pytest.fixture
def ask(tmp_path, capsys):
    """Runs a command on a warehouse file of its own; its exit status and what it printed."""
    RedshiftServer(tmp_path / "warehouse.duckdb").start().stop()

    def ask(*arguments):
        return main([*arguments, "--work-dir", str(tmp_path)]), " ".join(capsys.readouterr().out.split())

    return ask


def test_a_plan_is_shown_then_run_and_then_there_is_nothing_to_do(ask):
    status, shown = ask("warehouse-plan")
    assert status == 0
    assert "create table if not exists fact_sales" in shown
    assert "statements to run: make warehouse-migrate" in shown
    assert ask("warehouse-migrate")[1].endswith("statements were run")
    assert ask("warehouse-plan") == (0, "Nothing to do: the warehouse is what its contracts describe")


def test_what_is_refused_is_told_with_its_reason_and_fails(ask, tmp_path):
    ask("warehouse-migrate")
    server = RedshiftServer(tmp_path / "warehouse.duckdb").start()
    server.warehouse.session().execute("alter table dim_date add column holiday boolean")
    server.stop()
    for command in ("warehouse-plan", "warehouse-migrate"):
        status, said = ask(command)
        assert (status, "dim_date.holiday: is in the warehouse and in no contract" in said) == (1, True)
        assert "Nothing to do" not in said


def test_access_is_shown_and_given(ask):
    ask("warehouse-migrate")
    status, shown = ask("warehouse-access-plan")
    assert (status, "attach masking policy hide_varchar_1024 on dim_customer (email) to role viewer" in shown) == (
        0,
        True,
    )
    assert ask("warehouse-access")[0] == 0
    assert "attach masking" not in ask("warehouse-access-plan")[1]


def test_settings_name_another_warehouse(ask, tmp_path):
    other = RedshiftServer(tmp_path / "other.duckdb", password="p").start()
    login = {"host": "127.0.0.1", "port": str(other.port), "database": "cdp", "user": "u", "password": "p"}
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"environment": "other", "warehouse": login | {"ssl": "false"}}))
    assert ask("warehouse-migrate", "--settings", str(file))[1].endswith("statements were run")
    assert other.warehouse.session().execute("select count(*) from customer_360").rows == [(0,)]
    other.stop()
    status, said = ask("warehouse-plan", "--settings", str(tmp_path / "none.json"))
    assert (status, "docs/warehouse_load.md says what stands in it" in said) == (1, True)
