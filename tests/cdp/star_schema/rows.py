"""Rows of the lake that the star is made of; what a test does not state is plausible."""

from datetime import date


def line(transaction_id="T1", line_number=1, at="2026-02-01T10:00Z", updated_at="2026-02-01T10:00Z", **other):
    stated = {"transaction_type": "sale", "product_id": "P1", "quantity": 2, "unit_price_cents": 500, "channel": "web"}
    stated |= {"discount_cents": 100, "tax_cents": 60, "currency": "EUR", "record_id": "r"} | other
    keys = {"transaction_id": transaction_id, "line_number": line_number}
    return keys | {"transaction_at": at, "updated_at": updated_at, **stated}


def event(message_id, at="2026-02-01T10:00Z", anonymous_id=None, user_id=None, **other):
    on = date.fromisoformat(at[:10])
    ids = {"message_id": message_id, "anonymous_id": anonymous_id, "user_id": user_id}
    return ids | {"event_at": at, "event_on": on, "event_type": "page"} | other


def product(updated_at, price_cents=500, **other):
    stated = {"product_id": "P1", "name": "Lamp", "category": "home", "price_cents": price_cents, "is_active": True}
    return stated | {"currency": "EUR", "updated_at": updated_at} | other


def golden(customer_id, valid_from="1900-01-01T00:00Z", valid_to="9999-12-31T00:00Z", **other):
    return {"customer_id": customer_id, "valid_from": valid_from, "valid_to": valid_to, "is_current": True} | other


def identifier(identifier_type, value, customer_id):
    return {"identifier_type": identifier_type, "identifier": value, "customer_id": customer_id, "is_known": True}


def ticket(ticket_id, at="2026-02-01T10:00Z", updated_at="2026-02-01T10:00Z", **other):
    stated = {"channel": "chat", "topic": "delivery", "priority": "low", "status": "open"}
    keys = {"ticket_id": ticket_id, "updated_at": updated_at, "record_id": f"{ticket_id} {updated_at}"}
    return keys | {"opened_at": at} | stated | other


def campaign(campaign_id, updated_at="2026-01-01T00:00Z", **other):
    stated = {"name": "spring", "channel": "email", "currency": "EUR", "record_id": "r"}
    return {"campaign_id": campaign_id, "updated_at": updated_at} | stated | other


def contact(contact_id, at="2026-02-01T10:00Z", **other):
    stated = {"campaign_id": "M1", "channel": "email", "event_type": "sent", "contact_month": date(2026, 2, 1)}
    return {"contact_id": contact_id, "record_id": contact_id, "contacted_at": at} | stated | other


def consent(consent_id, at="2026-02-01T10:00Z", **other):
    keys = {"consent_id": consent_id, "record_id": consent_id}
    return keys | {"occurred_at": at, "purpose": "email_marketing", "is_granted": True} | other
