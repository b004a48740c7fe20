"""One look for every page: colours, number formats, figures in a row, charts, and what stands where nothing is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from html import escape
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

INK, SOFT, LINE = "#1d2733", "#5b6b7b", "#dfe5ea"
BLUE, PALE = "#2f5d8c", "#b9cde2"
GOOD, WARN, BAD = "#1b7f4b", "#b26a00", "#b3261e"
CATEGORIES = (BLUE, "#d08a3c", "#4f9d8f", "#8a6bb1", "#a3b1bf", "#c25b6e", "#6d8c3a", "#3f8fc0")
SCALE = ("#f1f5f9", "#1f4a75")
COLOUR = {"pass": GOOD, "warn": WARN, "fail": BAD, "SUCCEEDED": GOOD, "FAILED": BAD, "RUNNING": BLUE}
MARK = {"pass": "✓ pass", "warn": "▲ warn", "fail": "✕ fail"}
SYMBOL = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
WITHOUT_MINOR_UNIT = {"CLP", "ISK", "JPY", "KRW", "VND", "XAF", "XOF"}
DASH = "–"


def figures(values: Iterable[tuple[str, str, str]]) -> None:
    """Figures side by side, as many as fit: label, value and explanation, all HTML."""
    cards = (f"<div><span>{label}</span><b>{value}</b><i>{note}</i></div>" for label, value, note in values)
    st.html(f"<div class='figures'>{''.join(cards)}</div>")


def lead(*lines: str) -> None:
    """Soft lines under a title."""
    st.html(f"<p class='lead'>{'<br>'.join(map(escape, lines))}</p>")


def name(text: str, lines: Iterable[str]) -> None:
    """A person's name, shown as it is written, and soft lines under it."""
    st.html(f"<h3 class='name'>{escape(text)}</h3>")
    lead(*lines)


def section(title: str, says: str) -> None:
    """A heading, and under it what the reader sees there."""
    st.subheader(title, anchor=False)
    st.caption(says)


def chart(drawing: Any, height: int, alt_text: str) -> None:
    """A chart in the product's look, as wide as there is room."""
    drawn = (
        drawing.properties(height=height)
        .configure(font="system-ui, sans-serif", background="#ffffff")
        .configure_view(strokeWidth=0)
        .configure_axis(
            labelColor=SOFT, titleColor=SOFT, gridColor=LINE, domainColor=LINE, tickColor=LINE, titleFontWeight="normal"
        )
    )
    st.altair_chart(drawn, width="stretch", theme=None, alt=alt_text)


def bars(rows: pd.DataFrame, category: str, value: str, label: str, title: str, colour: str = BLUE) -> Any:
    """Horizontal bars in the order of the rows, each with its text at the end."""
    base = alt.Chart(rows).encode(
        y=alt.Y(f"{category}:N", sort=None, title=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False)),
        x=alt.X(f"{value}:Q", title=title, axis=None, scale=alt.Scale(domain=[0, _room(rows[value])])),
        tooltip=[alt.Tooltip(f"{category}:N", title=" "), alt.Tooltip(f"{label}:N", title=title)],
    )
    text = base.mark_text(align="left", dx=5, color=INK, fontSize=12).encode(text=f"{label}:N")
    return base.mark_bar(color=colour, cornerRadiusEnd=2, height={"band": 0.68}) + text


def table(rows: pd.DataFrame, columns: Mapping[str, Any], height: int | None = None) -> None:
    """A table of the columns that the rows have, named as people say it."""
    shown = {name: column for name, column in columns.items() if name in rows}
    options: dict[str, Any] = {"height": height} if height else {}
    st.dataframe(rows, hide_index=True, column_config=shown, column_order=list(shown), width="stretch", **options)


def nothing(message: str) -> None:
    """What stands where there is nothing to show yet."""
    st.info(message, icon=":material/inbox:")


def legend(colours: Mapping[str, str]) -> None:
    """What the colours of a chart stand for, in a line that wraps."""
    dots = (
        f"<span><b style='background:{colour}'></b>{escape(words(name))}</span>" for name, colour in colours.items()
    )
    st.html(f"<div class='legend'>{''.join(dots)}</div>")


def badges(shown: Iterable[str]) -> None:
    """Badges in a line that wraps; nothing for none."""
    if line := "".join(shown):
        st.html(line)


def badge(text: str, colour: str) -> str:
    """HTML of a short word with a coloured edge."""
    return f"<span class='badge' style='color:{colour};border-color:{colour}'>{escape(text)}</span>"


def money(minor: float | None, currency: str, compact: bool = False) -> str:
    """An amount in minor units as people write it: €1,234.50, compact €1.2k; a dash for none."""
    if is_missing(minor):
        return DASH
    amount = major(minor, currency)
    sign, symbol = "−" if amount < 0 else "", SYMBOL.get(currency, f"{currency} ")
    size = abs(amount)
    if compact:
        return f"{sign}{symbol}{short(size)}"
    return f"{sign}{symbol}{size:,.{decimals(currency)}f}"


def major(minor: Any, currency: str) -> Any:
    """Minor units (a number or a column of them) as whole units of the currency."""
    return minor / 10 ** decimals(currency)


def decimals(currency: str) -> int:
    """Digits after the point that a currency has."""
    return 0 if currency in WITHOUT_MINOR_UNIT else 2


def short(number: float) -> str:
    """A number in three digits or so: 950, 12.3k, 4.56M."""
    for limit, unit in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= limit:
            scaled = number / (1e3 if unit == "k" else limit)
            return f"{scaled:.{0 if abs(scaled) >= 100 else 1}f}{unit}"
    return f"{number:,.0f}"


def count(number: Any) -> str:
    """A whole number with separators; a dash for none."""
    return DASH if is_missing(number) else f"{int(number):,}"


def percent(number: Any, digits: int = 1) -> str:
    """A percentage; a dash for none."""
    return DASH if is_missing(number) else f"{number:.{digits}f} %"


def change(number: Any) -> str:
    """A growth in percent with its sign and colour, as HTML; empty for none."""
    if is_missing(number):
        return ""
    return f"<em style='color:{GOOD if number >= 0 else BAD}'>{'▲' if number >= 0 else '▼'} {abs(number):.1f} %</em>"


def day(moment: Any) -> str:
    """A day as 2 Mar 2026; a dash for none."""
    return DASH if is_missing(moment) else f"{pd.Timestamp(moment):%-d %b %Y}"


def month(moment: Any) -> str:
    """A month as Mar 2026."""
    return f"{pd.Timestamp(moment):%b %Y}"


def seconds(number: float) -> str:
    """A duration: 4.2 s, 3 min 20 s, 1 h 5 min."""
    if number < 60:
        return f"{number:.1f} s"
    minutes, rest = divmod(round(number), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def words_of_hours(hours: float) -> str:
    """An age in hours as people say it: 40 min, 2.6 h, 3 days."""
    if hours < 1:
        return f"{hours * 60:.0f} min old"
    return f"{hours:.1f} h old" if hours < 48 else f"{hours / 24:.0f} days old"


def ago(moment: datetime | date) -> str:
    """How long ago a time in UTC was, roughly."""
    then = pd.Timestamp(moment).tz_localize(UTC) if pd.Timestamp(moment).tzinfo is None else pd.Timestamp(moment)
    minutes = (pd.Timestamp.now(UTC) - then).total_seconds() / 60
    for limit, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= limit:
            number = int(minutes // limit)
            return f"{number} {unit}{'s' if number > 1 else ''} ago"
    return "just now"


def words(name: str) -> str:
    """A name of the code as people read it: mobile_app is Mobile app."""
    return name.replace("_", " ").capitalize()


def is_missing(value: Any) -> bool:
    """Whether there is no value: None, NaN or no time."""
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _room(values: pd.Series) -> float:
    return float(max(values.max(), 0)) * 1.75 or 1.0


STYLE = f"""<style>
[data-testid=stMainBlockContainer] {{ max-width: 72rem; padding: 4.2rem 1rem 3rem }}
.figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(9.6rem, 1fr)); gap: .7rem; margin: .4rem 0 }}
.figures > div {{ border: 1px solid {LINE}; border-radius: .5rem; padding: .65rem .85rem }}
.figures > div > span {{ display: block; color: {SOFT}; font-size: .82rem }}
.figures b {{ display: block; font-size: 1.45rem; font-weight: 620; line-height: 1.5 }}
.figures i {{ display: block; color: {SOFT}; font-size: .78rem; font-style: normal; line-height: 1.35 }}
.figures em {{ font-style: normal; font-weight: 600 }}
.badge {{ display: inline-block; border: 1px solid {LINE}; border-radius: 1rem; font-size: .82rem }}
.badge {{ padding: .05rem .6rem; margin: 0 .3rem .3rem 0 }}
.legend span {{ color: {SOFT}; font-size: .82rem; margin-right: 1rem; white-space: nowrap }}
.legend b {{ display: inline-block; width: .7rem; height: .7rem; border-radius: .15rem; margin-right: .35rem }}
.lead {{ color: {SOFT}; margin: -.6rem 0 .4rem }}
.name {{ margin: .6rem 0 .7rem; padding: 0 }}
[data-testid=stHeader] {{ border-bottom: 1px solid {LINE} }}
h3 {{ margin-top: 1.4rem }}
@media (max-width: 640px) {{
  [data-testid=stMainBlockContainer] {{ padding: 4rem .7rem 2rem }}
  h1 {{ font-size: 1.5rem !important }}
  .figures > div {{ padding: .5rem .65rem }}
  [data-testid=stElementToolbar] {{ display: none }}
}}
</style>"""
