"""Data quality: indicators, verdicts of the gates, what became of every record, quarantine, and how fresh it all is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from cdp.accounting import INGESTION, Fates, problems
from cdp.run_summary import FATES, warnings
from dashboard import data, look

# Parts of a profile: what they are called, and the columns they count, which a mask would empty.
PARTS = {
    "count_name": ("Name", ("first_name", "last_name")),
    "count_email": ("E-mail", ("email",)),
    "count_phone": ("Phone", ("phone",)),
    "count_address": ("Address", ("street", "postal_code", "city", "country")),
    "count_birth": ("Date of birth", ("birth_on",)),
    "count_consent": ("Consent", ("has_marketing_consent",)),
    "count_purchases": ("Purchases", ()),
    "count_behaviour": ("Behaviour", ()),
}
DIMENSIONS = ("completeness", "accuracy", "conformity", "consistency", "uniqueness", "timeliness", "coverage")


def show() -> None:
    """The page."""
    st.title("Data quality", anchor=False)
    runs = [run for run in data.runs() if run["tables"]]
    profile = data.figures("profile_completeness").iloc[0]
    if not runs:
        look.nothing("No run that a gate has looked at is known here; the verdicts come with the next one.")
    else:
        names = [run["run_id"] for run in runs]
        chosen = st.selectbox("Run", names, format_func=lambda run_id: run_label(runs[names.index(run_id)]))
        run = runs[names.index(chosen)]
        show_indicators(run)
        show_verdicts(run)
        show_accounting(run)
    show_quarantine(data.rejected())
    left, right = st.columns(2, gap="large")
    with left:
        show_profile(profile, runs[0]["completeness"] if runs else {})
    with right:
        show_freshness()


def run_label(run: Mapping[str, Any]) -> str:
    """A run in a list."""
    return f"{run['run_at'][:16].replace('T', ' ') or run['run_id']} UTC · {run['status'].lower()}"


def show_indicators(run: Mapping[str, Any]) -> None:
    """The indicators of a run."""
    look.figures(
        [
            ("Completeness", look.percent(score(run, "completeness"), 2), "required values that are there"),
            ("Accuracy", look.percent(score(run, "accuracy"), 2), "values that agree with what they come from"),
            ("Duplicate rate", look.percent(duplicate_rate(run["stages"]), 2), "of all records received"),
            (
                "Customer 360 known",
                look.percent(run["completeness"].get("attributes")),
                "of all golden records' attributes have a value",
            ),
            ("Quarantined", look.percent(quarantine_rate(run["stages"]), 2), "of all records received"),
        ]
    )


def score(run: Mapping[str, Any], dimension: str) -> float | None:
    """A dimension's percentage over all tables that have it, each by its number of rows."""
    found = [(t["scores"][dimension], t["rows"]) for t in run["tables"].values() if dimension in t["scores"]]
    rows = sum(count for _, count in found)
    return sum(percent * count for percent, count in found) / rows if rows else None


def duplicate_rate(stages: Iterable[Mapping[str, Any]]) -> float | None:
    """Percentage of received records that were there already, at ingestion or while cleaning."""
    return _rate(stages, "duplicate")


def quarantine_rate(stages: Iterable[Mapping[str, Any]]) -> float | None:
    """Percentage of received records that could not go on, at ingestion or while cleaning."""
    return _rate(stages, "quarantined")


def show_verdicts(run: Mapping[str, Any]) -> None:
    """What the gates said of every table."""
    look.section(
        "Verdicts", "What the gates found in each table: rows, and the share of checks that passed, in percent."
    )
    counts = {verdict: list(run["verdicts"].values()).count(verdict) for verdict in look.MARK}
    st.html("".join(look.badge(f"{look.MARK[name]} · {n}", look.COLOUR[name]) for name, n in counts.items() if n))
    for warning in warnings(run):
        st.warning(warning, icon=":material/rule:")
    rows = pd.DataFrame(
        {"dataset": name, "verdict": look.MARK[run["verdicts"][name]], "rows": table["rows"], **table["scores"]}
        for name, table in sorted(run["tables"].items(), key=lambda item: _gravity(run, item[0]))
    )
    scores = {d: st.column_config.NumberColumn(look.words(d), format="%.2f") for d in DIMENSIONS}
    rows_column = st.column_config.NumberColumn("Rows", format="localized")
    look.table(rows, {"dataset": "Table", "verdict": "Verdict", "rows": rows_column, **scores})


def show_accounting(run: Mapping[str, Any]) -> None:
    """What became of every record, stage by stage."""
    look.section(
        "Record accounting", "received = accepted + duplicate + quarantined + suppressed + late held, stage by stage."
    )
    fates = [Fates(**line) for line in run["stages"]]
    if found := problems(fates, stages=()):
        for problem in found:
            st.error(problem, icon=":material/balance:")
    else:
        received = sum(f.received for f in fates if f.stage in INGESTION)
        st.html(look.badge(f"✓ balanced · every one of {received:,} records received has a fate", look.GOOD))
    rows = pd.DataFrame(run["stages"])
    if rows.empty:
        return
    rows["stage"] = [look.words(stage) for stage in rows["stage"]]
    numbers = {fate: st.column_config.NumberColumn(look.words(fate), format="localized") for fate in FATES}
    look.table(rows, {"stage": "Stage", "dataset": "Dataset", **numbers}, height=320)


def show_quarantine(lines: Sequence[Mapping[str, Any]]) -> None:
    """Reasons by source as a heat map, and each in words."""
    look.section("Quarantine", "Why records were set aside, by source: a record with two reasons counts for both.")
    if not lines:
        st.html(look.badge("✓ nothing is in quarantine", look.GOOD))
        return
    rows = pd.DataFrame(lines).assign(
        source=lambda r: [f"{look.words(d)} ({s})" for s, d in zip(r["stage"], r["dataset"], strict=True)]
    )
    cells = rows.groupby(["rule", "source"], as_index=False)["records"].sum()
    frequent = list(cells.groupby("rule")["records"].sum().sort_values(ascending=False).index)
    base = alt.Chart(cells).encode(
        x=alt.X("source:N", title=None, axis=alt.Axis(labelAngle=-25, ticks=False, domain=False, labelLimit=220)),
        y=alt.Y(
            "rule:N",
            title=None,
            sort=frequent,
            axis=alt.Axis(ticks=False, domain=False),
        ),
        tooltip=["rule:N", "source:N", alt.Tooltip("records:Q", format=",")],
    )
    most = int(cells["records"].max())
    fill = alt.Color("records:Q", scale=alt.Scale(range=["#fbeeec", look.BAD], domain=[0, most]), legend=None)
    dark = alt.condition(f"datum.records > {most * 0.6}", alt.value("#ffffff"), alt.value(look.INK))
    text = base.mark_text(fontSize=11).encode(text=alt.Text("records:Q", format=","), color=dark)
    height = 30 * cells["rule"].nunique() + 90
    look.chart(
        base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=fill) + text, height, "Quarantine by source"
    )
    with st.expander(f"All {len(rows)} reasons in words"):
        records = st.column_config.NumberColumn("Records", format="localized")
        look.table(
            rows,
            {"records": records, "source": "Source", "pointer": "Where", "rule": "Rule", "message": "What is wrong"},
        )


def show_profile(profile: Mapping[str, Any], completeness: Mapping[str, float]) -> None:
    """Which part of a profile is known of how many customers, and what the latest run measured of all of them."""
    customers = int(profile["count_customers"])
    seen = {part: name for part, (name, columns) in PARTS.items() if all(map(data.role().may_see, columns))}
    look.section(
        "What is known of customers",
        f"Share of {customers:,} customers of whom each part of a profile is known"
        + ("." if len(seen) == len(PARTS) else ", of the parts that your role may see."),
    )
    if not customers:
        look.nothing("There is no customer yet.")
        return
    look.badges(look.badge(f"{look.words(n)}: {look.percent(p)}", look.SOFT) for n, p in completeness.items())
    rows = pd.DataFrame({"part": name, "share": 100 * profile[part] / customers} for part, name in seen.items())
    rows["label"] = [look.percent(share) for share in rows["share"]]
    look.chart(look.bars(rows, "part", "share", "label", "Share of customers"), 236, "Completeness of profiles")


def show_freshness() -> None:
    """When tables were loaded, and how old the newest fact was then."""
    look.section("Freshness", "Of each table: its last load, and what it brought.")
    newest = data.figures("newest").to_dict("records")
    look.badges(
        look.badge(f"newest {row['table_name'].removeprefix('fact_')}: {look.words_of_hours(row['hours'])}", look.SOFT)
        for row in newest
    )
    rows = data.figures("freshness")
    rows = rows.assign(loaded=[look.ago(moment) for moment in rows["loaded_at"]])
    number = {
        name: st.column_config.NumberColumn(look.words(name), format="localized") for name in ("total", "upserted")
    }
    look.table(
        rows,
        {
            "table_name": "Table",
            "loaded": "Loaded",
            **number,
            "run_at": st.column_config.DatetimeColumn("Run (UTC)", format="D MMM YYYY, HH:mm"),
        },
    )


def _rate(stages: Iterable[Mapping[str, Any]], fate: str) -> float | None:
    lines = list(stages)
    received = sum(line["received"] for line in lines if line["stage"] in INGESTION)
    counted = sum(line[fate] for line in lines if line["stage"] in (*INGESTION, "clean_raw"))
    return 100 * counted / received if received else None


def _gravity(run: Mapping[str, Any], dataset: str) -> tuple[int, str]:
    return ("fail", "warn", "pass").index(run["verdicts"][dataset]), dataset


if __name__ == "__main__":
    show()
