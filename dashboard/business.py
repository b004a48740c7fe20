"""Business: revenue by month, cohorts, segments, the way from visit to order, and where revenue comes from."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import data, look

SEGMENTS = {
    "champion": "Champions",
    "loyal": "Loyal",
    "new": "New",
    "needs attention": "Need attention",
    "cannot lose": "Cannot lose",
    "at risk": "At risk",
    "hibernating": "Hibernating",
}
BY_SEGMENT = """
select segment, count(*) as count_customers, cast(sum(net_cents) as bigint) as net_cents
from question where currency = '{currency}' group by segment"""
BY_COUNTRY = """
select country, cast(sum(count_orders) as bigint) as count_orders, max(country_cents) as country_cents,
  max(country_share_percent) as share_percent
from question where currency = '{currency}' group by country order by country_cents desc, country limit 12"""
BY_CITY = """
select country, city, count_customers, count_orders, net_cents, per_order_cents, share_percent
from question where currency = '{currency}' and city <> 'unknown' order by net_cents desc, country, city limit 15"""
MONTHS_SHOWN = 12


def show() -> None:
    """The page."""
    st.title("Business", anchor=False)
    months = data.analysis("monthly_revenue")
    if months.empty:
        look.nothing("No sale has been loaded yet. After the next run with transactions this page fills itself.")
        return
    currency = choose_currency(months)
    months = months[months["currency"] == currency]
    look.lead(_covered(months))
    show_figures(months, currency)
    show_revenue(months, currency)
    left, right = st.columns(2, gap="large")
    with left:
        show_segments(currency)
    with right:
        show_funnel()
    show_cohorts()
    show_places(currency)


def choose_currency(months: pd.DataFrame) -> str:
    """The currency in which most is sold, or the one that is picked; amounts of two are never added up."""
    by_size = months.groupby("currency")["net_cents"].sum().sort_values(ascending=False)
    currencies = [str(currency) for currency in by_size.index]
    if len(currencies) == 1:
        return currencies[0]
    return st.segmented_control("Currency", currencies, default=currencies[0]) or currencies[0]


def show_figures(months: pd.DataFrame, currency: str) -> None:
    """The last whole month in figures, and the last twelve."""
    whole = months[months["is_complete"]]
    if whole.empty:
        return
    last, year = whole.iloc[-1], whole.tail(12)
    orders = last["count_orders"]
    look.figures(
        [
            (
                f"Revenue {look.month(last['month_on'])}",
                look.money(last["net_cents"], currency, compact=True),
                f"{look.change(last['growth_percent'])} on the month before",
            ),
            ("Orders", look.count(orders), look.month(last["month_on"])),
            ("Customers", look.count(last["count_customers"]), "who bought that month"),
            (
                "Average order",
                look.money(last["net_cents"] / orders if orders else None, currency),
                "after refunds",
            ),
            (
                "Refunded",
                look.percent(_refund_share(last)),
                look.money(last["refund_cents"], currency, compact=True),
            ),
            (
                f"Last {len(year)} months",
                look.money(year["net_cents"].sum(), currency, compact=True),
                f"{look.count(year['count_orders'].sum())} orders",
            ),
        ]
    )


def show_revenue(months: pd.DataFrame, currency: str) -> None:
    """Bars by month; a month that the data does not cover whole is pale."""
    look.section(
        "Revenue by month", f"{currency} after refunds, with growth on the month before. Pale: not a whole month."
    )
    rows = months.tail(24).assign(
        revenue=lambda m: look.major(m["net_cents"], currency),
        growth=lambda m: [_growth(value) for value in m["growth_percent"]],
        money=lambda m: [look.money(value, currency) for value in m["net_cents"]],
        month_on=lambda m: pd.to_datetime(m["month_on"]),
    )
    base = alt.Chart(rows).encode(
        x=alt.X("yearmonth(month_on):O", title=None, axis=alt.Axis(format="%b %y", labelAngle=-45, labelOverlap=True)),
        y=alt.Y(
            "revenue:Q",
            title=currency,
            axis=alt.Axis(format="~s", tickCount=5),
            scale=alt.Scale(domainMax=float(rows["revenue"].max()) * 1.15),
        ),
        tooltip=[
            alt.Tooltip("month_on:T", title="Month", format="%B %Y"),
            alt.Tooltip("money:N", title="Revenue"),
            alt.Tooltip("count_orders:Q", title="Orders", format=","),
            alt.Tooltip("growth:N", title="Growth"),
        ],
    )
    colour = alt.condition("datum.is_complete", alt.value(look.BLUE), alt.value(look.PALE))
    text = base.mark_text(angle=270, align="left", dx=5, fontSize=10, color=look.SOFT).encode(text="growth:N")
    look.chart(base.mark_bar(cornerRadiusEnd=2).encode(color=colour) + text, 280, "Revenue by month with growth")


def show_cohorts() -> None:
    """A heat map: of those who first bought in a month, who bought again later."""
    look.section(
        "Who comes back", "Of the customers who first bought in a month: percent who bought again so many months later."
    )
    rows = data.analysis("cohort_retention")
    rows = rows[rows["is_complete"] & (rows["months_since"] > 0) & (rows["months_since"] <= MONTHS_SHOWN)]
    if rows.empty:
        look.nothing("A cohort needs a whole month after its first purchases.")
        return
    rows = rows.assign(
        cohort=[
            f"{look.month(on)} · {size:,}" for on, size in zip(rows["cohort_on"], rows["count_customers"], strict=True)
        ],
        share=rows["retention_percent"] / 100,
    )
    highest = float(rows["share"].quantile(0.97)) or 0.01
    base = alt.Chart(rows).encode(
        x=alt.X("months_since:O", title="Months since the first purchase", axis=alt.Axis(labelAngle=0, ticks=False)),
        y=alt.Y("cohort:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("cohort:N", title="First month · customers"),
            alt.Tooltip("months_since:O", title="Months later"),
            alt.Tooltip("count_active:Q", title="Came back", format=","),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    fill = alt.Color("share:Q", scale=alt.Scale(range=list(look.SCALE), domain=[0, highest], clamp=True), legend=None)
    dark = alt.condition(f"datum.share > {highest * 0.55}", alt.value("#ffffff"), alt.value(look.INK))
    text = base.mark_text(fontSize=10).encode(text=alt.Text("retention_percent:Q", format=".0f"), color=dark)
    height = 26 * rows["cohort"].nunique() + 40
    look.chart(base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=fill) + text, height, "Cohort retention")


def show_segments(currency: str) -> None:
    """How many customers each segment has, and what they brought."""
    look.section("Segments", "Customers by recency, frequency and value (RFM), with what they brought.")
    rows = data.analysis("rfm_segmentation", BY_SEGMENT.format(currency=currency))
    if rows.empty:
        look.nothing("No named customer has bought yet.")
        return
    order = {name: place for place, name in enumerate(SEGMENTS)}
    rows = rows.sort_values("segment", key=lambda names: names.map(order)).assign(
        name=lambda r: r["segment"].map(SEGMENTS),
        label=lambda r: [
            f"{size:,} · {look.money(cents, currency, compact=True)}"
            for size, cents in zip(r["count_customers"], r["net_cents"], strict=True)
        ],
    )
    look.chart(look.bars(rows, "name", "count_customers", "label", "Customers · revenue"), 262, "Customers by segment")


def show_funnel() -> None:
    """Of all visits, how many reach each step; one channel or all."""
    look.section("From visit to order", "Sessions that reach each step, in this order, and their share of all visits.")
    rows = data.analysis("conversion_funnel")
    if rows.empty:
        look.nothing("No visit has been loaded yet.")
        return
    channels = [str(channel) for channel in rows["channel"].unique()]
    chosen = st.segmented_control(
        "Channel", ["all", *channels], default="all", format_func=look.words, label_visibility="collapsed"
    )
    if chosen in channels:
        rows = rows[rows["channel"] == chosen]
    steps = rows.groupby(["step_number", "step"], as_index=False)["count_sessions"].sum()
    visits = steps["count_sessions"].iloc[0]
    steps["label"] = [f"{n:,} · {look.percent(100 * n / visits if visits else None)}" for n in steps["count_sessions"]]
    look.chart(look.bars(steps, "step", "count_sessions", "label", "Sessions"), 208, "Conversion funnel")


def show_places(currency: str) -> None:
    """Countries as bars, the strongest towns as a table."""
    look.section("Where revenue comes from", "By where the customer lived at the time of the sale; guests are unknown.")
    countries = data.analysis("geographic_revenue", BY_COUNTRY.format(currency=currency))
    if countries.empty:
        look.nothing("No sale is known to have come from anywhere.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        countries = countries.assign(
            name=["Unknown" if name == "unknown" else name for name in countries["country"]],
            label=[
                f"{look.money(cents, currency, compact=True)} · {look.percent(share)}"
                for cents, share in zip(countries["country_cents"], countries["share_percent"], strict=True)
            ],
        )
        height = 26 * len(countries) + 26
        look.chart(look.bars(countries, "name", "country_cents", "label", "Revenue"), height, "Revenue by country")
    with right:
        cities = data.analysis("geographic_revenue", BY_CITY.format(currency=currency))
        if cities.empty:
            look.nothing("No customer's town is known.")
            return
        cities = cities.assign(
            town=[f"{city}, {country}" for city, country in zip(cities["city"], cities["country"], strict=True)],
            revenue=look.major(cities["net_cents"], currency),
            per_order=look.major(cities["per_order_cents"], currency),
        )
        form = f"{look.SYMBOL.get(currency, currency + ' ')}%,.{look.decimals(currency)}f"
        look.table(
            cities,
            {
                "town": st.column_config.TextColumn("Town"),
                "revenue": st.column_config.NumberColumn("Revenue", format=form),
                "share_percent": st.column_config.NumberColumn("Share", format="%.1f %%"),
                "count_orders": st.column_config.NumberColumn("Orders", format="localized"),
                "per_order": st.column_config.NumberColumn("Per order", format=form),
            },
            height=348,
        )


def _covered(months: pd.DataFrame) -> str:
    first, last = look.month(months["month_on"].iloc[0]), look.month(months["month_on"].iloc[-1])
    return f"{first} to {last}, months in UTC"


def _growth(value: float | None) -> str:
    return "" if look.is_missing(value) else f"{value:+.0f} %".replace("-", "−")


def _refund_share(row: pd.Series) -> float | None:
    sold = row["net_cents"] - row["refund_cents"]
    return -100 * row["refund_cents"] / sold if sold else None


if __name__ == "__main__":
    show()
