"""What users with roles get of a small warehouse: grants, masks and row policies, as Redshift applies them."""

from __future__ import annotations

import hashlib

import pytest
import redshift_connector

from localcloud.redshift import RedshiftServer

MADE = """
create table person (person_id varchar(64), email varchar(80), country varchar(2), born date);
create table address (person_id varchar(64), kind varchar(16), value varchar(80));
create table sale (person_id varchar(64), net_cents bigint);
insert into person values ('p1', 'ann@example.com', 'DE', '1980-01-01'), ('p2', 'bob@example.com', 'FR', null);
insert into address values ('p1', 'email', 'ann@example.com'), ('p1', 'device', 'd1'), ('p2', 'phone', '+49151');
insert into sale values ('p1', 100), ('p1', 50), ('p2', 7);
create view buyer as select p.person_id, p.email, sum(s.net_cents) as net_cents
  from person p join sale s on s.person_id = p.person_id group by p.person_id, p.email;
create schema sandbox;
create role analyst;
create role viewer;
create role steward;
grant usage, create on schema sandbox to role analyst;
revoke create on schema public from public;
grant select on person to role analyst;
grant select on address to role analyst;
grant select on sale to role analyst;
grant select on sale to role viewer;
grant select on buyer to role viewer;
grant select on buyer to role analyst;
grant all on all tables in schema public to role steward;
grant ignore rls to role steward;
create masking policy hide with (value varchar(80)) using (cast(null as varchar(80)));
create masking policy hide_date with (value date) using (cast(null as date));
create masking policy pseudonym with (value varchar(64))
  using (cast(substring(sha2(value, 256), 1, 64) as varchar(64)));
attach masking policy hide on person (email) to role analyst priority 10;
attach masking policy hide on person (email) to role viewer priority 20;
attach masking policy hide_date on person (born) to role analyst priority 10;
attach masking policy pseudonym on person (person_id) to role analyst priority 10;
attach masking policy pseudonym on address (person_id) to role analyst priority 10;
attach masking policy pseudonym on sale (person_id) to role analyst priority 10;
create rls policy no_address with (kind varchar(16)) using (kind not in ('email', 'phone'));
attach rls policy no_address on address to role analyst;
alter table address row level security on;
create user vera password disable;
create user noone password disable;
grant role analyst to "IAM:ann";
grant role viewer to vera;
grant role steward to stew;
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    server = RedshiftServer(tmp_path_factory.mktemp("access") / "w.duckdb").start()
    ask = as_user(server, "awsuser")
    for statement in MADE.split(";\n"):
        if statement.strip():
            ask(statement)
    yield server
    server.stop()


def as_user(server, user):
    connection = redshift_connector.connect(
        host="127.0.0.1", port=server.port, user=user, password="p", database="cdp", ssl=False
    )
    connection.autocommit = True

    def ask(sql, *parameters):
        cursor = connection.cursor()
        cursor.execute(sql, parameters or None)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    return ask


@pytest.fixture
def superuser(warehouse):
    return as_user(warehouse, "awsuser")


@pytest.fixture
def analyst(warehouse):
    return as_user(warehouse, "IAM:ann")


@pytest.fixture
def viewer(warehouse):
    return as_user(warehouse, "vera")


def pseudonym(value):
    return hashlib.sha256(value.encode()).hexdigest()


def refused(ask, sql, match="permission denied"):
    with pytest.raises(redshift_connector.ProgrammingError, match=match):
        ask(sql)


def test_who_has_no_role_is_the_superuser_and_sees_all(superuser):
    assert superuser("select email from person order by 1") == [("ann@example.com",), ("bob@example.com",)]
    assert len(superuser("select * from address")) == 3


def test_a_created_user_without_a_grant_sees_nothing(warehouse):
    refused(as_user(warehouse, "noone"), "select * from sale", "permission denied for relation sale")


def test_masked_columns_come_with_their_types_and_in_their_order(analyst):
    assert analyst("select * from person order by country") == [
        (pseudonym("p1"), None, "DE", None),
        (pseudonym("p2"), None, "FR", None),
    ]


def test_pseudonyms_join_and_count_as_the_values_do(analyst):
    sql = "select country, sum(net_cents) from person join sale using (person_id) group by country order by 1"
    assert analyst(sql) == [("DE", 150), ("FR", 7)]


def test_a_mask_stands_before_conditions(analyst):
    assert analyst("select count(*) from person where email = 'ann@example.com'") == [(0,)]
    assert analyst("select country from person where person_id = %s", pseudonym("p2")) == [("FR",)]


def test_a_row_policy_reads_what_a_mask_hides_and_hides_rows(analyst, superuser):
    assert analyst("select kind, value from address") == [("device", "d1")]
    superuser("attach masking policy hide on address (kind) to role analyst")
    assert analyst("select kind, value from address") == [(None, "d1")]
    superuser("detach masking policy hide on address (kind) from role analyst")


def test_with_neither_policy_nor_ignore_rls_no_row_is_seen(warehouse, superuser, viewer):
    superuser("grant select on address to role viewer")
    assert viewer("select * from address") == []
    superuser("revoke select on address from role viewer")
    refused(viewer, "select * from address")


def test_a_view_shows_each_what_he_may_see_and_needs_no_grant_on_its_tables(analyst, viewer, superuser):
    refused(viewer, "select * from person")
    assert viewer("select person_id, email, net_cents from buyer order by net_cents") == [
        ("p2", None, 7),
        ("p1", None, 150),
    ]
    assert analyst("select person_id from buyer where net_cents > 7") == [(pseudonym("p1"),)]
    assert superuser("select email from buyer where net_cents > 7") == [("ann@example.com",)]


def test_of_two_masks_the_one_with_the_higher_priority_counts(warehouse, superuser):
    superuser("grant role analyst to both")
    superuser("grant role steward to both")
    superuser("create masking policy initial with (value varchar(80)) using (left(value, 1))")
    superuser("attach masking policy initial on person (email) to role steward priority 5")
    both = as_user(warehouse, "both")
    assert both("select email from person") == [(None,), (None,)]
    superuser("detach masking policy initial on person (email) from role steward")
    superuser("attach masking policy initial on person (email) to role steward priority 50")
    assert both("select email from person order by 1") == [("a",), ("b",)]
    superuser("detach masking policy initial on person (email) from role steward")
    superuser("drop masking policy initial")


@pytest.mark.parametrize(
    "sql",
    [
        "with person as (select * from person) select email from person",
        "with p as (select email from person), q as (select * from p) select email from q",
        "select email from (select * from person) as p",
        "select p.email from person p cross join (select 1) as one",
        "select (select max(email) from person)",
        "select max(case when exists (select 1 from person p where p.email is not null) then 'seen' end) from sale",
        "select email from person union all select email from person",
        "select case when 'ann@example.com' in (select email from person) then 'seen' end",
        "select email from public.person",
        "select (select p.email) from person p",
    ],
)
def test_no_way_of_asking_gets_around_a_mask(analyst, sql):
    assert {value for (value,) in analyst(sql)} == {None}


def test_what_is_written_elsewhere_is_what_is_seen(analyst):
    analyst("create table sandbox.copy as select * from person")
    analyst("create temp table mine as select * from person")
    analyst("insert into sandbox.copy select * from person")
    analyst("create view sandbox.buyers as select * from buyer")
    for relation in ("sandbox.copy", "mine", "sandbox.buyers"):
        assert {email for (email,) in analyst(f"select email from {relation}")} == {None}, relation
    assert analyst("select person_id from sandbox.buyers where net_cents = 7") == [(pseudonym("p2"),)]


def test_who_may_read_may_not_change_nor_give(analyst, viewer):
    for sql in (
        "insert into sale values ('p9', 1)",
        "update sale set net_cents = 0",
        "delete from sale",
        "drop table sale",
        "drop view buyer",
        "alter table sale add column x int",
        "create table public.t (a int)",
        "create view public.v as select * from sale",
        "comment on table sale is 'mine'",
        "grant select on person to role viewer",
        "attach masking policy pseudonym on person (email) to role analyst priority 99",
        "copy sale from 's3://b/k' iam_role 'r' format as parquet",
    ):
        refused(analyst, sql)
    refused(viewer, "create table sandbox.t as select * from sale", "permission denied for schema sandbox")
    refused(analyst, "create view sandbox.v as select * from load", "does not exist")


def test_who_has_every_right_changes_what_he_sees_whole(warehouse, superuser):
    steward = as_user(warehouse, "stew")
    steward("insert into sale values ('p9', 1)")
    steward("update sale set net_cents = 2 where person_id = 'p9'")
    assert steward("select net_cents from sale where person_id = 'p9'") == [(2,)]
    steward("delete from sale where person_id = 'p9'")
    assert len(steward("select * from address")) == 3
    superuser("grant update on person to role analyst")
    analyst = as_user(warehouse, "IAM:ann")
    refused(analyst, "update person set country = 'XX'", "of which you see only a part")
    superuser("revoke update on person from role analyst")


def test_a_relation_made_anew_is_granted_to_nobody(superuser, viewer):
    superuser("create view counted as select count(*) as n from sale")
    superuser("grant select on counted to role viewer")
    assert viewer("select n from counted") == [(3,)]
    superuser("drop view counted")
    superuser("create view counted as select count(*) as n from sale")
    refused(viewer, "select n from counted", "permission denied for relation counted")
    superuser("drop view counted")


def test_what_is_dropped_elsewhere_leaves_the_relation_of_its_name_as_it_was(analyst):
    analyst("create table sandbox.person as select 1 as n")
    analyst("drop table sandbox.person")
    analyst("create temp table address as select 1 as n")
    analyst("drop table address")
    assert analyst("select kind, value from address") == [("device", "d1")]
    assert {email for (email,) in analyst("select email from person")} == {None}


def test_what_is_taken_away_is_gone_at_once(warehouse, superuser):
    superuser("grant role viewer to guest")
    guest = as_user(warehouse, "guest")
    assert guest("select sum(net_cents) from sale") == [(157,)]
    superuser("revoke select on sale from role viewer")
    refused(guest, "select sum(net_cents) from sale")
    superuser("grant select on sale to role viewer")


def test_a_policy_in_use_stays(superuser):
    refused(superuser, "drop masking policy pseudonym", "is in use")
    refused(superuser, "create masking policy hide with (value varchar(80)) using ('x')", "exists already")


def test_what_would_hide_and_is_not_understood_is_refused(superuser):
    refused(superuser, "attach masking policy hide on person (email, born) to role viewer", "does not emulate")
    refused(superuser, "revoke select on person from everyone, else", "does not emulate")
