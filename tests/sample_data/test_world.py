"""The parts of the world agree with each other."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import phonenumbers
import pytest

from sample_data.countries import plain
from sample_data.customers import created_at
from sample_data.draw import apportion, spread, stream, table
from sample_data.faults import bad_transactions
from sample_data.people import head_of_household, person
from sample_data.visitors import device, device_of
from sample_data.world import HISTORY_DAYS, Sizes, World
from sample_data.writing import write_day

PRICE_CHANGE = datetime.fromisoformat("2026-03-02T06:00:00+00:00")


def identifiers(row: dict[str, Any]) -> set[str]:
    found = {row["email"].strip().lower()} if "email" in row else set()
    if "phone" in row and len(row["phone"]) > 7:
        number = phonenumbers.parse(row["phone"], row["country"])
        found.add(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return found


def test_a_fifth_of_the_records_is_a_person_both_sources_know_and_some_are_known_twice(day_one: Any) -> None:
    persons = {
        source: [a["person"] for a in day_one.answers if (a["dataset"], a["source"]) == ("customer", source)]
        for source in ("shop", "crm")
    }
    assert [len(found) for found in persons.values()] == [350, 150]
    assert [len(set(found)) for found in persons.values()] == [333, 138]
    assert len(set(persons["shop"]) & set(persons["crm"])) == 100


def test_records_of_one_person_agree_in_something_but_rarely_in_all(day_one: Any, world: World) -> None:
    rows = [*day_one.rows("customer", "shop"), *day_one.rows("customer", "crm")]
    people = defaultdict(list)
    for row, answer in zip(rows, [a for a in day_one.answers if a["dataset"] == "customer"], strict=True):
        people[answer["person"]].append(row)
    pairs = [(one, two) for records in people.values() for one, two in combinations(records, 2)]
    tied = [pair for pair in pairs if identifiers(pair[0]) & identifiers(pair[1])]
    assert 0.5 < len(tied) / len(pairs) < 0.85
    fields = ("email", "first_name", "last_name", "birth_on", "street", "city", "country")
    alike = [sum(one.get(f) == two.get(f) for f in fields) for one, two in pairs]
    assert sum(count >= 3 for count in alike) > 0.8 * len(pairs)
    assert sum(count == len(fields) for count in alike) < 0.2 * len(pairs)


def test_what_a_record_says_instead_of_the_truth_is_in_the_answer_key(day_one: Any, world: World) -> None:
    rows = [*day_one.rows("customer", "shop"), *day_one.rows("customer", "crm")]
    answers = [a for a in day_one.answers if a["dataset"] == "customer"]
    for row, answer in zip(rows, answers, strict=True):
        truth, said = person(world.seed, answer["person"]), set(answer["variation"].split(", "))
        if not said & {"changed surname", "double surname", "last name typo", "names swapped"}:
            assert plain(row["last_name"].strip()).lower() == plain(truth.last_name).lower()
        if not said & {"moved", "short street"}:
            assert row["street"] == truth.address.street
    assert 0.1 < sum(bool(answer["variation"]) for answer in answers) / len(answers) < 0.5


def test_the_same_identifier_is_written_differently(day_one: Any) -> None:
    shop = {row.get("email") for row in day_one.rows("customer", "shop")}
    crm = [row["email"] for row in day_one.rows("customer", "crm") if "email" in row]
    written_otherwise = [email for email in crm if email not in shop and email.strip().lower() in shop]
    assert len(written_otherwise) > 5


def test_nearly_every_phone_is_valid_in_its_country(day_one: Any) -> None:
    blocked = {"0000000", "null", "-1"}
    phones = [(r["phone"], r["country"]) for r in day_one.rows("customer") if r.get("phone", "-1") not in blocked]
    valid = sum(phonenumbers.is_valid_number(phonenumbers.parse(*phone)) for phone in phones)
    assert len(phones) > 300
    assert valid > 0.97 * len(phones)


def test_only_households_share_a_phone(world: World) -> None:
    people = defaultdict(list)
    for number in range(6_000):
        who = person(world.seed, number)
        people[who.country.dial, who.phone].append(who)
    shared = [group for group in people.values() if len(group) > 1]
    assert len(shared) > 50
    assert all(len({who.address for who in group}) == 1 for group in shared)
    assert 0.02 < sum(map(len, shared)) / 6_000 < 0.06


def test_person_and_record_numbers_are_inverse_to_each_other(world: World) -> None:
    records = {"shop": sum(c.shop for c in world.cohorts), "crm": sum(c.crm for c in world.cohorts)}
    for source, count in records.items():
        firsts = [n for n in range(count) if not world.is_again(source, n)]
        assert [world.number_of(source, world.person_of(source, n)) for n in firsts] == firsts
        again = [n for n in range(count) if world.is_again(source, n)]
        assert 0.03 < len(again) / count < 0.1
        for n in again:
            first = world.number_of(source, world.person_of(source, n))
            assert created_at(world, source, first) < created_at(world, source, n)
    with pytest.raises(IndexError):
        world.person_of("crm", records["crm"])


def test_transactions_name_customers_and_products_that_exist_by_then(day_one: Any) -> None:
    created = {(s, r["customer_id"]): r["created_at"] for s in ("shop", "crm") for r in day_one.rows("customer", s)}
    launched = {row["product_id"]: row["created_at"] for row in day_one.rows("product")}
    for row in day_one.rows("transaction"):
        assert launched[row["product_id"]] <= row["transaction_at"]
        if "customer_id" in row:
            assert created[row["customer_source"], row["customer_id"]] <= row["transaction_at"]


def test_prices_are_the_catalogues_at_the_time(day_one: Any, day_two: Any) -> None:
    before = {row["product_id"]: row["price_cents"] for row in day_one.rows("product")}
    after = {row["product_id"]: row["price_cents"] for row in day_two.rows("product")}
    assert sum(before[product] != after[product] for product in before) == 2
    for row in [*day_one.rows("transaction"), *day_two.rows("transaction")]:
        sold_at = datetime.fromisoformat(row["transaction_at"])
        is_new_price = sold_at >= PRICE_CHANGE and row["transaction_type"] == "sale"
        assert row["unit_price_cents"] == (after if is_new_price else before)[row["product_id"]]


def test_history_covers_about_four_hundred_days_and_ends_before_the_first(day_one: Any, world: World) -> None:
    sold_on = {date.fromisoformat(row["transaction_at"][:10]) for row in day_one.rows("transaction")}
    assert min(sold_on) == world.date(-HISTORY_DAYS)
    assert max(sold_on) == world.date(-1)


@pytest.mark.parametrize("source", ["shop", "store"])
def test_a_bad_transaction_is_good_but_for_its_fault(source: str, world: World) -> None:
    for bad in bad_transactions(world, source):
        is_half_named = bool(bad.record["customer_source"]) != bool(bad.record["customer_id"])
        assert is_half_named == (bad.reason == " anyOf"), bad.fault


def test_refunds_repeat_a_line_of_their_sale(day_one: Any) -> None:
    lines = {(row["transaction_id"], row["line_number"]): row for row in day_one.rows("transaction")}
    refunds = [row for row in lines.values() if row["transaction_type"] == "refund"]
    assert len(refunds) > 30
    for refund in refunds:
        sale = lines[refund["transaction_id"].removesuffix("-R"), refund["line_number"]]
        assert sale["transaction_at"] < refund["transaction_at"]
        assert sale["unit_price_cents"] == refund["unit_price_cents"]


def test_from_day_two_on_the_shop_names_the_coupon_that_gave_a_discount(day_one: Any, day_two: Any) -> None:
    assert not any("coupon_code" in row for row in day_one.rows("transaction"))
    assert not any("coupon_code" in row for row in day_two.rows("transaction", "store"))
    named = [row for row in day_two.rows("transaction", "shop") if "coupon_code" in row]
    assert len(named) > 3
    assert all(row["discount_cents"] for row in named)


@pytest.mark.parametrize("number", [1, 2])
def test_completed_orders_are_transactions_of_the_same_customer(days: Any, number: int) -> None:
    lines = defaultdict(list)
    for row in days(number).rows("transaction", "shop"):
        lines[row["transaction_id"]].append(row)
    completed = [e for e in days(number).rows("clickstream_event") if e.get("event") == "Order Completed"]
    assert len(completed) > 10
    for event in completed:
        order = lines[event["properties"]["order_id"]]
        paid = sum(row["quantity"] * row["unit_price_cents"] - row["discount_cents"] for row in order)
        assert event["properties"]["revenue_cents"] == paid
        assert event.get("userId") == order[0].get("customer_id")
        assert datetime.fromisoformat(event["timestamp"]) == datetime.fromisoformat(order[0]["transaction_at"])


def test_events_of_day_one_lie_within_the_seven_days_before(day_one: Any) -> None:
    days = [datetime.fromisoformat(e["timestamp"]).timestamp() for e in day_one.rows("clickstream_event")]
    end = datetime.fromisoformat("2026-03-02T00:00:00+00:00").timestamp()
    assert end - 7.1 * 86_400 < min(days) < max(days) < end


def test_logins_tie_devices_to_the_customers_who_log_in(day_one: Any) -> None:
    email = {row["customer_id"]: row.get("email") for row in day_one.rows("customer", "shop")}
    logins = [event for event in day_one.rows("clickstream_event") if event["type"] == "identify"]
    assert len({event["anonymousId"] for event in logins}) > 50
    for event in logins:
        assert email[event["userId"]] == event["traits"].get("email")


@pytest.mark.parametrize("number", [1, 2])
def test_messages_reach_only_people_whose_consent_holds_at_the_time(days: Any, day_one: Any, number: int) -> None:
    decided = defaultdict(list)
    for event in sorted(day_one.rows("consent"), key=lambda e: e["occurred_at"]):
        if event["purpose"] == "email_marketing":
            decided[event["customer_id"]].append((event["occurred_at"], event["is_granted"]))
    contacts = [c for c in days(number).rows("campaign_contact") if "customer_id" in c and c["campaign_id"] != "M9999"]
    sent = [c for c in contacts if c["event_type"] == "sent" and not c["contact_id"].startswith("X")]
    assert len(sent) > 5
    for contact in sent:
        assert [granted for at, granted in decided[contact["customer_id"]] if at <= contact["contacted_at"]][-1]


def test_messages_belong_to_a_campaign_that_runs_and_go_step_by_step(day_one: Any) -> None:
    campaigns = {row["campaign_id"]: row for row in day_one.rows("campaign")}
    steps = defaultdict(list)
    for contact in day_one.rows("campaign_contact"):
        campaign = campaigns[contact["campaign_id"]]
        assert campaign["channel"] == contact["channel"]
        assert campaign["starts_on"] <= contact["contacted_at"][:10] <= campaign["ends_on"]
        steps[contact["contact_id"].rpartition("-")[0]].append((contact["contacted_at"], contact["event_type"]))
    ways = {tuple(kind for _, kind in sorted(message)) for message in steps.values()}
    whole = [("sent", "delivered", "opened", last) for last in ("clicked", "unsubscribed")]
    assert ways <= {("sent", "bounced"), *(way[:n] for way in whole for n in (1, 2, 3, 4))}
    assert whole[0] in ways


def test_the_last_consent_is_what_the_customer_record_says(day_one: Any) -> None:
    last = {}
    for event in sorted(day_one.rows("consent"), key=lambda e: e["occurred_at"]):
        if event["purpose"] == "email_marketing":
            last[event["customer_source"], event["customer_id"]] = event["is_granted"]
    said = 0
    for source in ("shop", "crm"):
        for row in day_one.rows("customer", source):
            if "has_marketing_consent" in row:
                said += 1
                assert last[source, row["customer_id"]] == row["has_marketing_consent"]
    assert said > 400
    assert len(last) == 500


def test_tickets_follow_a_purchase_of_the_same_customer(day_one: Any, day_two: Any) -> None:
    bought = defaultdict(list)
    for row in [*day_one.rows("transaction", "shop"), *day_two.rows("transaction", "shop")]:
        if "-X" not in row["transaction_id"] and "customer_id" in row:
            bought[row["customer_source"], row["customer_id"]].append(row["transaction_at"])
    tickets = [
        t for t in [*day_one.rows("support_ticket"), *day_two.rows("support_ticket")] if t["ticket_id"][1] != "X"
    ]
    with_account = [t for t in tickets if "customer_id" in t]
    assert len(with_account) > 60
    for ticket in with_account:
        opened = datetime.fromisoformat(ticket["opened_at"])
        times = [datetime.fromisoformat(at) for at in bought[ticket["customer_source"], ticket["customer_id"]]]
        assert any(timedelta(0) <= opened - at <= timedelta(days=6) for at in times)


def test_a_ticket_goes_on_in_newer_versions(day_one: Any, day_two: Any) -> None:
    before = {ticket["ticket_id"]: ticket for ticket in day_one.rows("support_ticket")}
    newer = [t for t in day_two.rows("support_ticket") if before.get(t["ticket_id"], t) != t]
    assert newer
    for ticket in newer:
        assert before[ticket["ticket_id"]]["updated_at"] < ticket["updated_at"]
        assert before[ticket["ticket_id"]]["opened_at"] == ticket["opened_at"]


def test_households_share_a_device(world: World) -> None:
    rng = stream(1)
    member = next(number for number in range(1, 400) if head_of_household(world.seed, number) != number)
    used = {device_of(world, rng, member, uses_app=False).anonymous_id for _ in range(20)}
    assert device(world, head_of_household(world.seed, member), 0).anonymous_id in used


@pytest.mark.parametrize("day", [1, 2])
def test_the_smallest_world_can_be_written(tmp_path: Path, day: int) -> None:
    expected = write_day(World(1, Sizes(10, 1, 0, 0), date(2026, 3, 2)), day, tmp_path)
    assert expected["customer"]["clean"]["accepted"] == (10 if day == 1 else 6)


def test_parts_add_up_to_the_whole() -> None:
    assert apportion(10, [1, 1, 1]) == [3, 3, 4]
    assert spread(stream(1), 5, 9) == [0, 1, 2, 3, 4]
    assert stream(1).uuid()[14] == "4"


def test_a_table_of_fewer_rows_is_the_beginning_of_one_of_more() -> None:
    few, many = table(3, 2, "key"), table(9, 2, "key")
    assert few.tolist() == many[:, :3].tolist()
    assert len({number for column in many.tolist() for number in column if number == int(number * 2**32) / 2**32}) == 18
