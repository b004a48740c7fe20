"""The files of day 1 (everything valid) and of day 2 (changes, late and repeated events, faults)."""

from __future__ import annotations

from collections.abc import Iterator

from sample_data import campaigns, consents, customers, events, faults, products, support, transactions
from sample_data.samples import Delivery, Part, Sample, grouped, weave
from sample_data.world import World

STREAM = "stream/events.jsonl"


def deliveries(world: World, day: int) -> list[Delivery]:
    """The files of one day; a day is complete at 00:00 UTC of its date and received two hours later.

    Day 2 repeats some records of day 1, so its fates hold only after day 1.
    """
    if day not in (1, 2):
        raise ValueError(f"there is no day {day}; ask for day 1 or day 2")
    on = world.date(day - 1).isoformat()
    return [
        *(_customers(world, day, on, source) for source in customers.SOURCES),
        _products(world, day, on),
        *(_transactions(world, day, on, source) for source in ("shop", "store")),
        _tickets(world, day, on),
        _campaigns(world, day, on),
        _contacts(world, day, on),
        _consents(world, day, on),
        _clicks(world, day),
    ]


def _customers(world: World, day: int, on: str, source: str) -> Delivery:
    if day == 1:
        parts = grouped(customers.first_parts(world, source))
    else:
        parts = _mixed(customers.second_delivery(world, source), faults.bad_customers(world, source))
    suffix, columns = ("jsonl", ()) if source == "shop" else ("csv", customers.COLUMNS)
    return Delivery(f"landing/{source}/customer.v1/customers-{on}.{suffix}", source, "customer", parts, columns)


def _products(world: World, day: int, on: str) -> Delivery:
    if day == 1:
        parts: tuple[Part, ...] = (Part.of(products.first_delivery(world)),)
    else:
        parts = _mixed(products.second_delivery(world), faults.bad_products(world))
    path = f"landing/catalogue/product.v1/products-{on}.csv"
    return Delivery(path, "catalogue", "product", parts, products.COLUMNS)


def _transactions(world: World, day: int, on: str, source: str) -> Delivery:
    if day == 1:
        parts = tuple(transactions.first_parts(world, source))
    else:
        parts = _mixed(transactions.second_delivery(world, source), faults.bad_transactions(world, source))
    # From day 2 on the shop speaks the next version of the contract; the store stays with the first.
    is_new = (day, source) == (2, "shop")
    contract, columns = (
        ("transaction.v2", transactions.COLUMNS_V2) if is_new else ("transaction.v1", transactions.COLUMNS)
    )
    return Delivery(f"landing/{source}/{contract}/transactions-{on}.csv", source, "transaction", parts, columns)


def _tickets(world: World, day: int, on: str) -> Delivery:
    if day == 1:
        parts = tuple(support.first_parts(world))
    else:
        parts = _mixed(support.second_delivery(world), faults.bad_tickets(world))
    return Delivery(f"landing/helpdesk/support_ticket.v1/tickets-{on}.jsonl", "helpdesk", "support_ticket", parts)


def _campaigns(world: World, day: int, on: str) -> Delivery:
    samples = campaigns.first_delivery(world) if day == 1 else campaigns.second_delivery(world)
    path = f"landing/marketing/campaign.v1/campaigns-{on}.csv"
    return Delivery(path, "marketing", "campaign", (Part.of(samples),), campaigns.COLUMNS)


def _contacts(world: World, day: int, on: str) -> Delivery:
    if day == 1:
        parts = grouped(campaigns.first_contacts(world))
    else:
        parts = _mixed(campaigns.second_contacts(world), faults.bad_contacts(world))
    path = f"landing/marketing/campaign_contact.v1/contacts-{on}.jsonl.gz"
    return Delivery(path, "marketing", "campaign_contact", parts)


def _consents(world: World, day: int, on: str) -> Delivery:
    if day == 1:
        parts = grouped(consents.first_parts(world))
    else:
        parts = _mixed(consents.second_delivery(world), faults.bad_consents(world))
    path = f"landing/preference_centre/consent.v1/consents-{on}.csv"
    return Delivery(path, "preference_centre", "consent", parts, consents.COLUMNS)


def _clicks(world: World, day: int) -> Delivery:
    if day == 1:
        return Delivery(STREAM, "web", "clickstream_event", grouped(events.first_parts(world)))
    extras = [*events.stragglers(world), *faults.bad_events(world)]
    return Delivery(STREAM, "web", "clickstream_event", _mixed(events.second_delivery(world), extras, every=6))


def _mixed(regular: Iterator[Sample], extras: list[Sample], every: int = 7) -> tuple[Part, ...]:
    return (Part.of(weave(regular, extras, every)),)
