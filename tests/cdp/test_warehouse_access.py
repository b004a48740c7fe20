import re

import pytest
import sqlglot
from sqlglot import exp

from cdp import resources
from cdp.dataset import Dataset
from cdp.warehouse import MANIFEST, TABLES, VIEWS
from cdp.warehouse_access import MASKED_ROLES, PERSONAL, ROLES, LiveAccess, access_statements, grants, masks
from cdp.warehouse_plan import columns_of

STATEMENTS = access_statements(LiveAccess())


def attached() -> set[tuple[str, str, str]]:
    pattern = r"attach masking policy \w+ on (\w+) \((\w+)\) to role (\w+) "
    return {match.groups() for s in STATEMENTS if (match := re.match(pattern, s))}


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_no_personal_column_is_in_the_clear_for(role):
    personal = {
        (table, column.name)
        for table in TABLES
        for column in Dataset.load(f"curated.{table}").columns
        if column.classification in PERSONAL
    }
    assert len(personal) > 20
    assert {(table, column) for table, column, given in attached() if given == role} == personal


def test_every_column_that_names_or_reaches_a_person_is_masked():
    telling = re.compile(
        r"^(email|phone|first_name|last_name|birth_on|street|postal_code|identifier)$|(customer|user|anonymous)_id$"
    )
    told = {(t, c.name) for t in TABLES for c in columns_of(t) if telling.search(c.name)}
    assert told <= {(table, column) for table, column, _ in attached()}


@pytest.mark.parametrize("table", TABLES)
def test_a_mask_has_its_columns_type_and_hides_what_is_restricted(table):
    types = {c.name: c.type.replace("character varying", "varchar") for c in columns_of(table)}
    classes = {c.name: c.classification for c in Dataset.load(f"curated.{table}").columns}
    for (column, _), mask in masks(table).items():
        assert mask.type == types[column]
        assert mask.statement.endswith(f"as {types[column]}))")
        assert ("null" in mask.expression) == (classes[column] == "restricted"), column


def test_one_value_has_one_pseudonym_wherever_customers_join():
    of_customers = {
        mask.name for table in TABLES for (column, _), mask in masks(table).items() if column == "customer_id"
    }
    assert of_customers == {"pseudonym_varchar_64"}


def test_two_masks_on_a_column_have_an_order():
    assert len(set(MASKED_ROLES.values())) == len(MASKED_ROLES)


def test_everybody_reads_everything_but_lists_of_people():
    for relation in (*TABLES, MANIFEST, *VIEWS):
        readers = {grant.split()[-1] for grant in grants(relation)}
        is_list = relation == "bridge_customer_identity"
        assert readers == {"analyst", "data_steward", *(() if is_list else ("viewer",))}, relation


def test_rows_that_are_addresses_are_out_of_sight():
    policy = next(s for s in STATEMENTS if s.startswith("create rls policy"))
    assert policy == (
        "create rls policy rows_of_bridge_customer_identity with (identifier_type varchar(32)) "
        "using (identifier_type not in ('email', 'phone'))"
    )
    on = [s for s in STATEMENTS if "rows_of_bridge" in s or "row level security" in s]
    assert on[-1] == "alter table bridge_customer_identity row level security on"
    assert {s.split()[-1] for s in on if s.startswith("attach")} == set(MASKED_ROLES)


def test_roles_without_a_policy_get_past_the_row_policies():
    for role in set(ROLES) - set(MASKED_ROLES):
        assert f"grant ignore rls to role {role}" in STATEMENTS


def test_every_role_has_its_file_and_says_what_it_is_for():
    assert sorted(f"{role}.sql" for role in ROLES) == resources.names("sql/warehouse/access", ".sql")
    for role in ROLES:
        assert resources.read_text(f"sql/warehouse/access/{role}.sql").startswith(f"-- {role}: ")


def test_a_policy_stands_before_it_is_attached_and_every_mask_is_an_expression_of_redshift():
    made: set[str] = set()
    for statement in STATEMENTS:
        if match := re.match(r"create (?:masking|rls) policy (\w+) with \(.*?\) using \((.*)\)$", statement):
            made.add(match[1])
            assert not isinstance(sqlglot.parse_one(f"select {match[2]}", read="redshift"), exp.Command)
        if match := re.match(r"attach (?:masking|rls) policy (\w+)", statement):
            assert match[1] in made
