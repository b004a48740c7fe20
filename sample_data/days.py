"""The files of day 1 (everything valid) and of day 2 (changes, late and repeated events, faults)."""

from __future__ import annotations

from collections.abc import Iterator

from sample_data import campaigns, consents, customers, events, faults, products, support, transactions
from sample_data.samples import Delivery, Sample, weave
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
        *_customers(world, day, on),
        _products(world, day, on),
        *_transactions(world, day, on),
        _tickets(world, day, on),
        *_campaigns(world, day, on),
        _consents(world, day, on),
        Delivery(STREAM, "clickstream_event", _clicks(world, day)),
    ]


def _customers(world: World, day: int, on: str) -> Iterator[Delivery]:
    for source, suffix, columns in (("shop", "jsonl", ()), ("crm", "csv", customers.COLUMNS)):
        if day == 1:
            samples = customers.first_delivery(world, source)
        else:
            samples = _mixed(customers.second_delivery(world, source), faults.bad_customers(world, source))
        yield Delivery(f"landing/{source}/customer.v1/customers-{on}.{suffix}", "customer", samples, columns)


def _products(world: World, day: int, on: str) -> Delivery:
    samples = products.first_delivery(world)
    if day == 2:
        samples = _mixed(products.second_delivery(world), faults.bad_products(world))
    return Delivery(f"landing/catalogue/product.v1/products-{on}.csv", "product", samples, products.COLUMNS)


def _transactions(world: World, day: int, on: str) -> Iterator[Delivery]:
    for source in ("shop", "store"):
        path = f"landing/{source}/transaction.v1/transactions-{on}.csv"
        samples = transactions.first_delivery(world, source)
        if day == 2:
            bad = faults.bad_transactions(world, source)
            samples = _mixed(transactions.second_delivery(world, source), bad)
        yield Delivery(path, "transaction", samples, transactions.COLUMNS)


def _tickets(world: World, day: int, on: str) -> Delivery:
    samples = support.first_delivery(world)
    if day == 2:
        samples = _mixed(support.second_delivery(world), faults.bad_tickets(world))
    return Delivery(f"landing/helpdesk/support_ticket.v1/tickets-{on}.jsonl", "support_ticket", samples)


def _campaigns(world: World, day: int, on: str) -> Iterator[Delivery]:
    planned, contacts = campaigns.first_delivery(world), campaigns.first_contacts(world)
    if day == 2:
        planned = campaigns.second_delivery(world)
        contacts = _mixed(campaigns.second_contacts(world), faults.bad_contacts(world))
    folder = "landing/marketing"
    yield Delivery(f"{folder}/campaign.v1/campaigns-{on}.csv", "campaign", planned, campaigns.COLUMNS)
    yield Delivery(f"{folder}/campaign_contact.v1/contacts-{on}.jsonl.gz", "campaign_contact", contacts)


def _consents(world: World, day: int, on: str) -> Delivery:
    samples = consents.first_delivery(world)
    if day == 2:
        samples = _mixed(consents.second_delivery(world), faults.bad_consents(world))
    path = f"landing/preference_centre/consent.v1/consents-{on}.csv"
    return Delivery(path, "consent", samples, consents.COLUMNS)


def _clicks(world: World, day: int) -> Iterator[Sample]:
    if day == 1:
        return events.first_delivery(world)
    extras = [*events.stragglers(world), *faults.bad_events(world)]
    return weave(events.second_delivery(world), extras, every=6)


def _mixed(regular: Iterator[Sample], bad: list[Sample]) -> Iterator[Sample]:
    return weave(regular, bad, every=7)
