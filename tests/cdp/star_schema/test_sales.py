"""Lines of sales and refunds: what they add up to, and the customer and product they point at."""

from tests.cdp.star_schema.rows import golden, identifier, line, product


def test_a_sale_adds_up_and_a_refund_takes_it_back(build):
    query = build(lines=[line("T1"), line("T2", transaction_type="refund")])
    amounts = "quantity, gross_cents, discount_cents, tax_cents, net_cents"
    rows = query(f"select is_refund, {amounts} from fact_sales order by transaction_id")
    assert [tuple(r.values()) for r in rows] == [
        (False, 2, 1000, 100, 60, 900),
        (True, -2, -1000, -100, -60, -900),
    ]


def test_an_amount_no_column_holds_is_null_and_stops_nobody_else(build):
    query = build(lines=[line("T1", quantity=2**31 - 1, unit_price_cents=2**53 - 1), line("T2")])
    rows = query("select gross_cents, net_cents from fact_sales order by transaction_id")
    assert [tuple(r.values()) for r in rows] == [(None, None), (1000, 900)]


def test_only_the_latest_version_of_a_line_counts(build):
    lines = [line(quantity=3, updated_at="2026-02-03T00:00Z"), line(), line(line_number=2)]
    query = build(lines=lines)
    assert query("select line_number, quantity from fact_sales order by 1") == [
        {"line_number": 1, "quantity": 3},
        {"line_number": 2, "quantity": 2},
    ]


def test_a_sale_points_at_the_customer_and_product_as_they_were(build):
    query = build(
        products=[product("2026-01-01T00:00Z"), product("2026-02-01T00:00Z", price_cents=400)],
        lines=[
            line("T1", at="2026-01-31T23:59:59Z", customer_source="shop", source_customer_id="S1"),
            line("T2", at="2026-02-01T00:00Z", customer_source="shop", source_customer_id="S1"),
        ],
        identifiers=[identifier("source_customer_id", "shop:S1", "c_1")],
        goldens=[
            golden("c_1", valid_to="2026-02-01T00:00Z", city="Bonn"),
            golden("c_1", valid_from="2026-02-01T00:00Z", city="Köln"),
        ],
    )
    rows = query(
        """select f.customer_id, c.city, p.list_price_cents from fact_sales f
        join dim_customer c using (customer_key) join dim_product p using (product_key) order by transaction_id"""
    )
    assert [tuple(r.values()) for r in rows] == [("c_1", "Bonn", 500), ("c_1", "Köln", 400)]


def test_what_is_not_known_points_at_the_unknown_member(build):
    lines = [line("T1", at="2014-12-31T00:00Z", product_id="P9", channel="fax"), line("T2", customer_source="shop")]
    query = build(lines=lines, identifiers=[identifier("source_customer_id", "shop", "c_1")], goldens=[golden("c_1")])
    rows = query(
        "select date_key, product_key, channel_key, customer_key, customer_id from fact_sales order by sales_key"
    )
    assert {(-1, -1, -1, -1, None)} < {tuple(r.values()) for r in rows}
    assert {(r["customer_key"], r["customer_id"]) for r in rows} == {(-1, None)}
