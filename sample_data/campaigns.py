"""Campaigns, and what became of their messages: only people whose consent holds at the time get one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sample_data import consents, customers
from sample_data.draw import Draws, apportion, between, chance, stream
from sample_data.people import person
from sample_data.samples import Fate, Part, Record, Sample
from sample_data.world import DAY, HOUR, World, rfc3339

COLUMNS = ("campaign_id", "name", "channel", "starts_on", "ends_on", "budget_cents", "currency", "updated_at")
COUNT = 20
# What click events name in context.campaign, and messages to people, which go on round after round.
PLACED = (("brand_search", "search"), ("spring_sale", "social"), ("winter_clearance", "affiliate"))
SENT = (
    ("newsletter_week", "email"),
    ("new_arrivals", "email"),
    ("we_miss_you", "email"),
    ("order_by_text", "sms"),
    ("app_exclusive", "push"),
    ("catalogue_by_post", "post"),
)
COST_CENTS = {"email": 1, "sms": 7, "push": None, "post": 85}
DELIVERED, OPENED, CLICKED, UNSUBSCRIBED = 0.97, 0.38, 0.16, 0.006
LONGEST_DAYS, NEWEST_DAY = 28, -2
DAY_TWO_PERCENT, RESENT_PERCENT = 2, 10


@dataclass(frozen=True, slots=True)
class Campaign:
    """Runs from the start of `first_day` to the end of `last_day`; `is_sent` to people, or placed where they look."""

    campaign_id: str
    name: str
    channel: str
    first_day: int
    last_day: int
    budget_cents: int
    is_sent: bool


def campaigns(world: World) -> list[Campaign]:
    """All campaigns, spread over the year before first_day; the one that started last still runs on it."""
    found = []
    for number in range(COUNT):
        rng = stream(world.seed, "campaign", number)
        is_sent = number >= len(PLACED)
        name, channel = SENT[(number - len(PLACED)) % len(SENT)] if is_sent else PLACED[number]
        first = NEWEST_DAY - (COUNT - 1 - number) * 360 // COUNT
        last = first + between(rng, 7, LONGEST_DAYS) if is_sent else 30
        rounds = (number - len(PLACED)) // len(SENT) + 1
        title = f"{name}_{rounds}" if is_sent and rounds > 1 else name
        budget = between(rng, 20, 400) * 10_000
        found.append(Campaign(f"M{number + 1:04d}", title, channel, first, last, budget, is_sent))
    return found


def first_delivery(world: World) -> Iterator[Sample]:
    """Every campaign as planned."""
    for campaign in campaigns(world):
        yield Sample(record(world, campaign))


def second_delivery(world: World) -> Iterator[Sample]:
    """The whole list a day later: one with more budget, the unchanged rest once more."""
    *older, newest = campaigns(world)
    for campaign in older:
        yield Sample(record(world, campaign), Fate.DUPLICATE)
    more = {"budget_cents": newest.budget_cents * 2, "updated_at": rfc3339(world.at(0, 9), "seconds")}
    yield Sample({**record(world, newest), **more})


def record(world: World, campaign: Campaign) -> Record:
    """The campaign as the marketing tool states it."""
    return {
        "campaign_id": campaign.campaign_id,
        "name": campaign.name,
        "channel": campaign.channel,
        "starts_on": world.date(campaign.first_day).isoformat(),
        "ends_on": world.date(campaign.last_day).isoformat(),
        "budget_cents": campaign.budget_cents,
        "currency": "EUR",
        "updated_at": rfc3339(world.at(campaign.first_day - 5, 9), "seconds"),
    }


def first_contacts(world: World) -> Iterator[Part]:
    """What became of messages up to first_day, campaign by campaign."""
    sent = [campaign for campaign in campaigns(world) if campaign.is_sent]
    for campaign, count in zip(sent, apportion(world.sizes.contacts, [1] * len(sent)), strict=True):
        end = min(world.at(campaign.last_day + 1), world.at(0))
        yield Part(count, partial(_contacts, world, campaign, world.at(campaign.first_day), end, count))


def second_contacts(world: World) -> Iterator[Sample]:
    """The newest campaign's messages on first_day, and some of the day before once more."""
    newest = campaigns(world)[-1]
    count = world.sizes.contacts * DAY_TWO_PERCENT // 100
    today = list(_contacts(world, newest, world.at(0), world.at(1), count))
    yield from today
    for contact in today[: count * RESENT_PERCENT // 100]:
        yield contact._replace(fate=Fate.DUPLICATE, fault="sent again unchanged")


def _contacts(world: World, campaign: Campaign, start: int, end: int, count: int) -> Iterator[Sample]:
    """Exactly `count` steps of messages sent within a time; what comes of one after the end is left out."""
    rng = stream(world.seed, "contact", campaign.campaign_id, start)
    prefix = f"{campaign.campaign_id}-{rfc3339(start, 'seconds')[5:10].replace('-', '')}"
    left, message = count, 0
    while left > 0:
        message += 1
        day = between(rng, 0, max(1, (end - start) // DAY) - 1)
        sent_at = start + day * DAY + 8 * HOUR + between(rng, 0, 3 * HOUR // 1000) * 1000
        who, someone = _recipient(world, rng, sent_at)
        for kind, at in _steps(rng, sent_at):
            if at >= end or not left:
                break
            left -= 1
            cost = COST_CENTS[campaign.channel] if kind == "sent" else None
            step: Record = {
                "contact_id": f"{prefix}{message:06d}-{kind}",
                "campaign_id": campaign.campaign_id,
                **who,
                "channel": campaign.channel,
                "event_type": kind,
                "contacted_at": rfc3339(at, "seconds"),
                **({} if cost is None else {"cost_cents": cost}),
            }
            yield Sample(step, person=someone)


def _recipient(world: World, rng: Draws, at: int) -> tuple[Record, int | None]:
    """A shop account whose consent holds; where chance finds none, the newsletter's own test address."""
    for _ in range(60):
        number = int(rng.random() * customers.known(world, "shop"))
        if customers.created_at(world, "shop", number) < at and consents.may_contact(world, "shop", number, at):
            who = person(world.seed, world.person_of("shop", number))
            account = {"customer_source": "shop", "customer_id": customers.customer_id("shop", number)}
            return {**account, "email": who.email}, who.number
    return {"email": "seed-list@mail.example.com"}, None


def _steps(rng: Draws, sent_at: int) -> Iterator[tuple[str, int]]:
    """What happens to one message, in order of time."""
    yield "sent", sent_at
    at = sent_at + between(rng, 1, 90) * 1000
    if not chance(rng, DELIVERED):
        yield "bounced", at
        return
    yield "delivered", at
    if not chance(rng, OPENED):
        return
    at += between(rng, 60, 30 * 3600) * 1000
    yield "opened", at
    if chance(rng, UNSUBSCRIBED):
        yield "unsubscribed", at + between(rng, 3, 120) * 1000
    elif chance(rng, CLICKED / OPENED):
        yield "clicked", at + between(rng, 2, 300) * 1000
