"""The warehouse gets the tables, columns, views and comments of its contracts, by safe steps only.

A migration may be killed between any two statements and run again: it then finds less to do.
"""

from __future__ import annotations

import re

from cdp.aws.warehouse import Warehouse
from cdp.warehouse_access import LiveAccess, access_statements
from cdp.warehouse_plan import Column, Live, Plan, plan

# pg_table_def has no order of columns. All of this is answered by Redshift's leader node.
LIVE_COLUMNS = """select d.tablename, d."column" as name, d.type, d.distkey, d.sortkey, d."notnull" as is_required
from pg_table_def d
join information_schema.columns c
  on c.table_schema = d.schemaname and c.table_name = d.tablename and c.column_name = d."column"
where d.schemaname = 'public' order by d.tablename, c.ordinal_position"""
LIVE_VIEWS = "select table_name from information_schema.tables where table_schema = 'public' and table_type = 'VIEW'"
LIVE_COMMENTS = """select r.relname as relation, coalesce(a.attname, '') as name, d.description
from pg_description d
join pg_class r on r.oid = d.objoid
join pg_namespace n on n.oid = r.relnamespace
left join pg_attribute a on a.attrelid = r.oid and a.attnum = d.objsubid
where n.nspname = 'public' and d.description is not null"""


LIVE_ROLES = "select role_name from svv_roles"
LIVE_POLICIES = """select policy_name from svv_masking_policy
union all
select polname as policy_name from svv_rls_policy"""
LIVE_MASKS = "select table_name, input_columns, grantee from svv_attached_masking_policy"
LIVE_ROW_POLICIES = "select relname, grantee from svv_rls_attached_policy"


class WarehouseSchemaError(Exception):
    """The warehouse cannot become what its contracts describe without losing something; nothing was changed."""


def read_live(warehouse: Warehouse) -> Live:
    """What the warehouse has in schema public."""
    tables: dict[str, tuple[Column, ...]] = {}
    for row in warehouse.query(LIVE_COLUMNS):
        column = Column(row["name"], row["type"], row["distkey"], abs(row["sortkey"]), row["is_required"])
        tables[row["tablename"]] = (*tables.get(row["tablename"], ()), column)
    comments = {(row["relation"], row["name"]): row["description"] for row in warehouse.query(LIVE_COMMENTS)}
    return Live(tables, frozenset(row["table_name"] for row in warehouse.query(LIVE_VIEWS)), comments)


def migrate(warehouse: Warehouse) -> Plan:
    """Run the plan, statement by statement; raises WarehouseSchemaError when a step of it is refused."""
    todo = plan(read_live(warehouse))
    if todo.refused:
        reasons = "".join(f"\n  {reason}" for reason in todo.refused)
        raise WarehouseSchemaError(
            f"the warehouse is not what its contracts describe, and no safe step helps:{reasons}"
        )
    for statement in todo.statements:
        warehouse.execute(statement)
    return todo


def read_access(warehouse: Warehouse) -> LiveAccess:
    """Who may see what; needs a superuser or the role sys:secadmin."""
    return LiveAccess(
        roles=frozenset(row["role_name"].strip() for row in warehouse.query(LIVE_ROLES)),
        policies=frozenset(row["policy_name"].strip() for row in warehouse.query(LIVE_POLICIES)),
        masks=frozenset(
            (row["table_name"].strip(), column, row["grantee"].strip())
            for row in warehouse.query(LIVE_MASKS)
            for column in re.findall(r"\w+", row["input_columns"])
        ),
        row_policies=frozenset(
            (row["relname"].strip(), row["grantee"].strip()) for row in warehouse.query(LIVE_ROW_POLICIES)
        ),
    )


def give_access(warehouse: Warehouse) -> list[str]:
    """Give every role its rights; what was run. Run again after a kill, it goes on."""
    statements = access_statements(read_access(warehouse))
    for statement in statements:
        warehouse.execute(statement)
    return statements
