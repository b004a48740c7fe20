"""Customer 360: one customer by id, e-mail or name; a role that may not see personal data finds by id only."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from dashboard import data, look

FOUND = ("customer_id", "first_name", "last_name", "email", "city", "country")
PROFILE = (
    *("customer_id", "email", "phone", "first_name", "last_name", "birth_on", "street", "postal_code", "city"),
    *("country", "created_at", "has_marketing_consent", "count_identifiers", "life_cycle", "currency", "count_orders"),
    *("lifetime_cents", "refunded_cents", "per_order_cents", "first_order_at", "last_order_at"),
    *("days_since_last_order", "favourite_channel", "count_channels", "count_visits", "last_visit_at"),
    *("count_tickets", "count_open_tickets", "count_messages", "count_messages_clicked", "last_contact_at"),
)
PURCHASE = (
    *("transaction_id", "transaction_at", "channel", "is_refund", "count_lines", "quantity", "discount_cents"),
    *("net_cents", "currency"),
)
INTERACTION = ("interaction_at", "interaction_type", "channel", "subject", "amount_cents", "currency")
EVENT = ("event_at", "event_name", "channel", "url_path", "device_type", "product_id")
ASKED = "asked"
NEVER_ASKED = ("Marketing: never asked", look.WARN)
BEST = "select customer_id, lifetime_cents, currency from question order by lifetime_cents desc, customer_id limit 5"


def show() -> None:
    """The page."""
    st.title("Customer 360", anchor=False)
    by_person = data.role().may_see("email")
    asked = st.text_input(
        "Customer id, e-mail or name" if by_person else "Pseudonym of a customer",
        placeholder="anna@inbox.example, Müller or c_0f3a…" if by_person else "ffdd55df0fd9f637…",
        icon=":material/search:",
        key=ASKED,
    )
    words = asked.strip().lower()
    if not words:
        show_hint(by_person)
        return
    customer_id = choose(find(words, by_person), words)
    if customer_id is None:
        where = "id, e-mail address or name" if by_person else "id"
        look.nothing(f"No customer has this {where}. Who was merged is found by the id that stayed.")
        return
    show_customer(customer_id)


def find(words: str, by_person: bool) -> pd.DataFrame:
    """The customers that the words (lower case) may mean, at most 20, exact finds first."""
    if by_person:
        return data.look_up("customer_search", FOUND, [words] * 4, "place, last_name, first_name, customer_id")
    return data.look_up("customer_by_id", FOUND, [words])


def choose(found: pd.DataFrame, words: str) -> str | None:
    """The id of the one that is meant: picked, when there are several; None when there is none."""
    if found.empty:
        return None
    if "customer_id" not in found:
        return words  # the role may not see ids, but has given this one
    if len(found) == 1:
        return str(found["customer_id"].iloc[0])
    names = {str(row["customer_id"]): label(row) for row in found.to_dict("records")}
    more = " or more" if len(found) == 20 else ""
    return st.selectbox(f"{len(found)}{more} customers found", list(names), format_func=lambda key: names[key])


def label(row: dict[str, Any]) -> str:
    """A customer in a list: name, place, and the id where there is no name."""
    place = ", ".join(str(row[part]) for part in ("city", "country") if row.get(part))
    return " · ".join(part for part in (full_name(row) or str(row["customer_id"]), row.get("email"), place) if part)


def full_name(row: dict[str, Any]) -> str:
    """First and last name as far as they are known and seen."""
    return " ".join(str(row[part]) for part in ("first_name", "last_name") if row.get(part))


def show_hint(by_person: bool) -> None:
    """What can be asked, and whom one could begin with."""
    if not by_person:
        look.nothing(
            "Type the id that the warehouse shows your role for a customer, a pseudonym. You see value, recency, "
            "channels and consent, but nothing that says who it is."
        )
    if not data.role().may_see("customer_id"):
        return
    best = data.analysis("customer_lifetime_value", BEST)
    if best.empty:
        return
    st.caption("Or begin with one of those who have brought the most:")
    with st.container(horizontal=True):
        for customer_id, cents, currency in best.itertuples(index=False):
            worth = look.money(cents, currency, compact=True)
            st.button(f"{customer_id[:10]}… · {worth}", on_click=ask_for, args=(customer_id,), key=customer_id)


def ask_for(customer_id: str) -> None:
    """Put an id into the search field."""
    st.session_state[ASKED] = customer_id


def show_customer(customer_id: str) -> None:
    """Everything about one customer."""
    found = data.look_up("customer", PROFILE, [customer_id])
    if found.empty:
        look.nothing("This customer is no longer in the warehouse.")
        return
    who = found.to_dict("records")[0]
    look.name(full_name(who) or "Customer", contact(who))
    st.html("".join(badges(who)))
    show_value(who)
    purchases, interactions, events = st.tabs(["Purchases", "Timeline", "Clicks"])
    with purchases:
        latest_first = "transaction_at desc, transaction_id"
        show_purchases(data.look_up("customer_purchases", PURCHASE, [customer_id], latest_first))
    with interactions:
        show_interactions(data.look_up("customer_interactions", INTERACTION, [customer_id], "interaction_at desc"))
    with events:
        show_events(data.look_up("customer_events", EVENT, [customer_id], "event_at desc"))


def contact(who: dict[str, Any]) -> list[str]:
    """How to reach the customer, in lines; what the role does not see is not there."""
    town = " ".join(str(who[part]) for part in ("postal_code", "city") if who.get(part))
    reach = [str(who[part]) for part in ("email", "phone") if who.get(part)]
    home = [str(part) for part in (who.get("street"), town, who.get("country")) if part]
    born = [f"born {look.day(who['birth_on'])}"] if who.get("birth_on") else []
    ids = [str(who["customer_id"])] if who.get("customer_id") else []
    lines = [reach, home, [*ids, *born, f"customer since {look.day(who['created_at'])}"]]
    return [" · ".join(line) for line in lines if line]


def badges(who: dict[str, Any]) -> list[str]:
    """Consent and channels as short words."""
    consent = who.get("has_marketing_consent")
    said = {True: ("Marketing: agreed", look.GOOD), False: ("Marketing: refused", look.BAD)}
    words, colour = said.get(bool(consent), NEVER_ASKED) if consent is not None else NEVER_ASKED
    favourite, cycle = who.get("favourite_channel"), who.get("life_cycle")
    more = [look.badge(look.words(cycle), look.BLUE)] if cycle else []
    more += [look.badge(f"buys mostly by {look.words(favourite).lower()}", look.SOFT)] if favourite else []
    if who["count_open_tickets"]:
        more.append(look.badge(f"{look.count(who['count_open_tickets'])} open requests", look.WARN))
    return [look.badge(words, colour), *more]


def show_value(who: dict[str, Any]) -> None:
    """Value, recency and contact in figures."""
    currency, orders = who.get("currency") or "", who["count_orders"]
    look.figures(
        [
            ("Lifetime value", look.money(who["lifetime_cents"], currency) if currency else look.DASH, _refunded(who)),
            ("Orders", look.count(orders), f"since {look.day(who['first_order_at'])}" if orders else "never bought"),
            ("Average order", look.money(who["per_order_cents"], currency), ""),
            ("Last order", look.day(who["last_order_at"]), _recency(who)),
            ("Visits", look.count(who["count_visits"]), f"last {look.day(who['last_visit_at'])}"),
            ("Last message", look.day(who["last_contact_at"]), _contacts(who)),
        ]
    )


def show_purchases(rows: pd.DataFrame) -> None:
    """Orders and refunds, the latest first."""
    if rows.empty:
        look.nothing("No purchase yet.")
        return
    amounts = [look.money(cents, unit) for cents, unit in zip(rows["net_cents"], rows["currency"], strict=True)]
    rows = rows.assign(
        kind=["Refund" if is_refund else "Order" for is_refund in rows["is_refund"]],
        channel=[look.words(channel) for channel in rows["channel"]],
        amount=amounts,
    )
    look.table(
        rows,
        {
            "transaction_at": st.column_config.DatetimeColumn("When (UTC)", format="D MMM YYYY, HH:mm"),
            "kind": "What",
            "amount": st.column_config.TextColumn("Amount", alignment="right"),
            "channel": "Channel",
            "count_lines": st.column_config.NumberColumn("Products"),
            "quantity": st.column_config.NumberColumn("Pieces"),
            "transaction_id": "Transaction",
        },
    )
    _told_if_cut(rows)


def show_interactions(rows: pd.DataFrame) -> None:
    """Visits, orders, refunds, messages and requests, the latest first."""
    if rows.empty:
        look.nothing("Nothing has happened between this customer and us yet.")
        return
    rows = rows.assign(
        interaction_type=[look.words(kind) for kind in rows["interaction_type"]],
        channel=[look.words(channel) for channel in rows["channel"]],
        amount=[_amount(cents, unit) for cents, unit in zip(rows["amount_cents"], rows["currency"], strict=True)],
    )
    look.table(
        rows,
        {
            "interaction_at": st.column_config.DatetimeColumn("When (UTC)", format="D MMM YYYY, HH:mm"),
            "interaction_type": "What",
            "subject": "About",
            "channel": "Channel",
            "amount": st.column_config.TextColumn("Amount", alignment="right"),
        },
    )
    _told_if_cut(rows)


def show_events(rows: pd.DataFrame) -> None:
    """What the customer did, the latest first."""
    if rows.empty:
        look.nothing("No visit that is known to be this customer's.")
        return
    rows = rows.assign(
        channel=[look.words(channel) for channel in rows["channel"]],
        event_name=[name if " " in name else look.words(name) for name in rows["event_name"]],
    )
    look.table(
        rows,
        {
            "event_at": st.column_config.DatetimeColumn("When (UTC)", format="D MMM YYYY, HH:mm:ss"),
            "event_name": "What",
            "url_path": "Page",
            "product_id": "Product",
            "channel": "Channel",
            "device_type": "Device",
        },
    )
    _told_if_cut(rows)


def _told_if_cut(rows: pd.DataFrame) -> None:
    if len(rows) == 100:
        st.caption("The latest 100 are shown.")


def _refunded(who: dict[str, Any]) -> str:
    if not who["refunded_cents"]:
        return "nothing given back"
    return f"{look.money(-who['refunded_cents'], who['currency'])} given back"


def _recency(who: dict[str, Any]) -> str:
    days = who["days_since_last_order"]
    if look.is_missing(days):
        return ""
    return f"{int(days):,} days before the latest sale" if days else "on the day of the latest sale"


def _amount(cents: float | None, currency: str | None) -> str:
    return look.money(cents, currency) if currency and not look.is_missing(cents) else ""


def _contacts(who: dict[str, Any]) -> str:
    return f"{look.count(who['count_messages'])} sent, {look.count(who['count_messages_clicked'])} clicked"


if __name__ == "__main__":
    show()
