"""Tickets, messages and consents: whom they are of, and what was last stated of them."""

from tests.cdp.star_schema.rows import campaign, consent, contact, golden, identifier, ticket


def test_who_asked_got_a_message_or_agreed_is_known_by_id_else_by_address_else_a_stranger(build):
    who = (
        {"customer_source": "shop", "source_customer_id": "S1", "email": "b@x.org"},
        {"customer_source": "shop", "source_customer_id": "S9", "email": "b@x.org"},
        {"email": "nobody@x.org"},
    )
    query = build(
        support_ticket=[ticket(f"K{n}", **w) for n, w in enumerate(who)],
        campaign_contact=[contact(f"N{n}", **w) for n, w in enumerate(who)],
        consent=[consent(f"E{n}", **w) for n, w in enumerate(who)],
        identifiers=[
            identifier("source_customer_id", "shop:S1", "c_1"),
            identifier("email", "b@x.org", "c_2"),
            identifier("anonymous_id", "nobody@x.org", "c_3"),
        ],
        goldens=[golden("c_1"), golden("c_2")],
    )
    for fact, key in (("support_ticket", "ticket"), ("campaign_contact", "contact"), ("consent", "consent")):
        rows = query(f"select customer_id, customer_key = -1 as is_unknown from fact_{fact} order by {key}_id")
        assert [tuple(r.values()) for r in rows] == [("c_1", False), ("c_2", False), (None, True)], fact


def test_a_ticket_is_as_last_stated_and_says_how_long_it_took(build):
    late = {"first_response_at": "2026-02-01T10:30Z", "resolved_at": "2026-02-02T10:00:00.5Z", "status": "resolved"}
    tickets = [ticket("K1", updated_at="2026-02-03T00:00Z", **late), ticket("K1"), ticket("K2")]
    rows = build(support_ticket=tickets)(
        "select status, first_response_ms, resolution_ms from fact_support_ticket order by ticket_id"
    )
    assert [tuple(r.values()) for r in rows] == [("resolved", 1_800_000, 86_400_500), ("open", None, None)]


def test_a_message_points_at_its_campaign_as_last_stated(build):
    query = build(
        campaign=[campaign("M1", name="old"), campaign("M1", "2026-01-02T00:00Z"), campaign("M2", currency="CHF")],
        campaign_contact=[contact("N1", cost_cents=7), contact("N2", campaign_id="M9")],
    )
    rows = query(
        """select k.name, f.cost_cents, f.currency, h.channel from fact_campaign_contact f
        join dim_campaign k using (campaign_key) join dim_channel h using (channel_key) order by contact_id"""
    )
    assert [tuple(r.values()) for r in rows] == [("spring", 7, "EUR", "email"), ("unknown", None, None, "email")]
    assert query("select count(*) as n from dim_campaign") == [{"n": 3}]
