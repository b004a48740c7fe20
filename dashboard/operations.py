"""Operations: how the runs went, how long their steps took, what they cost, and what to do about those that failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from dashboard import data, look
from dashboard.cost import Cost, Prices, cost_of

SHOWN = 10
INGEST = "ingest"  # the demo's time of feeding; no state of a run
MONTH = 30 * 24  # hourly runs of a month
STEP_COLOURS = {
    "plan_run": "#a3b1bf",
    "clean_raw": look.BLUE,
    "check_clean": "#7ea3c8",
    "resolve_identities": "#4f9d8f",
    "build_golden_records": "#8fc4ba",
    "build_star_schema": "#d08a3c",
    "check_curated": "#e8bf8f",
    "load_warehouse": "#8a6bb1",
    "close_run": "#c3b3da",
}


def show() -> None:
    """The page."""
    st.title("Operations", anchor=False)
    runs = data.runs()
    if not runs:
        look.nothing(
            "No run is known here. On the laptop `make demo` makes two; on AWS the desk needs the ledger in its "
            "settings (docs/dashboard.md)."
        )
        return
    show_figures(runs)
    show_failures(runs)
    show_runs(runs)
    show_steps(runs)
    show_cost(runs)


def duration(run: Mapping[str, Any]) -> float:
    """Seconds of all steps of a run; they follow each other."""
    return float(sum(took for state, took in run["seconds"].items() if state != INGEST))


def received(run: Mapping[str, Any]) -> int:
    """Records that ingestion received for a run."""
    return sum(line["received"] for line in run["stages"] if line["stage"].startswith(INGEST))


def show_figures(runs: Sequence[Mapping[str, Any]]) -> None:
    """The last run, and all that are known."""
    last, timed = runs[0], [run for run in runs if run["seconds"]]
    succeeded = sum(run["status"] == "SUCCEEDED" for run in runs)
    typical = float(pd.Series([duration(run) for run in timed]).median()) if timed else 0.0
    costs = [cost_of(run["seconds"]).total for run in timed]
    mean = sum(costs) / len(costs) if costs else 0.0
    state = f"<span style='color:{look.COLOUR.get(last['status'], look.INK)}'>{look.words(last['status'])}</span>"
    look.figures(
        [
            ("Last run", state, _when(last)),
            ("Succeeded", f"{succeeded} of {len(runs)}", "of the last runs"),
            ("Typical duration", look.seconds(typical), "median of a whole run"),
            ("Records", look.count(received(last)), "received by the last run"),
            ("Cost of a run", f"${mean:.2f}", "estimate, mean of the last runs"),
            ("Cost of a month", f"${mean * MONTH:,.0f}", "estimate, with a run every hour"),
        ]
    )


def show_failures(runs: Sequence[Mapping[str, Any]]) -> None:
    """Runs that failed, each with its next step."""
    for run in [run for run in runs if run["status"] == "FAILED"][:3]:
        cause = f" {run['cause']}" if run["cause"] and data.role().may_see("email") else ""
        todo = run["next_step"] or "Look into the ledger and the log of that step; docs/runbooks/a-run-failed.md."
        st.error(
            f"**{_when(run)}: failed in {run['failed_state'] or 'an unknown state'}.**{cause}\n\n**Next:** {todo}",
            icon=":material/report:",
        )


def show_runs(runs: Sequence[Mapping[str, Any]]) -> None:
    """The runs as a table."""
    look.section("Runs", "The last runs, newest first; a run that failed has published nothing.")
    rows = pd.DataFrame(
        {
            "run_at": pd.Timestamp(run["run_at"]).tz_localize(None) if run["run_at"] else None,
            "status": {"SUCCEEDED": "✓ succeeded", "FAILED": "✕ failed"}.get(run["status"], run["status"].lower()),
            "duration": look.seconds(duration(run)) if run["seconds"] else look.DASH,
            "received": received(run),
            "broken": len(run["broken"]),
            "cost": cost_of(run["seconds"]).total if run["seconds"] else None,
            "failed_state": run["failed_state"] or look.DASH,
            "run_id": run["run_id"],
        }
        for run in runs
    )
    look.table(
        rows,
        {
            "run_at": st.column_config.DatetimeColumn("Scheduled (UTC)", format="D MMM YYYY, HH:mm"),
            "status": "State",
            "duration": st.column_config.TextColumn("Duration", alignment="right"),
            "received": st.column_config.NumberColumn("Records", format="localized"),
            "broken": st.column_config.NumberColumn("Rules broken"),
            "cost": st.column_config.NumberColumn("Cost (est.)", format="$%.2f"),
            "failed_state": "Failed in",
            "run_id": "Run",
        },
    )


def show_steps(runs: Sequence[Mapping[str, Any]]) -> None:
    """Bars of the steps of each run, one after the other."""
    look.section("Where the time goes", "Seconds of each step; steps under a second are left out.")
    timed = [run for run in runs[:SHOWN] if run["seconds"]]
    rows = pd.DataFrame(
        {"run": _when(run), "step": state, "seconds": took, "place": place, "label": look.seconds(took)}
        for run in timed
        for place, (state, took) in enumerate(run["seconds"].items())
        if state in STEP_COLOURS and took >= 1
    )
    if rows.empty:
        look.nothing("Step Functions has kept no times of these runs.")
        return
    colour = alt.Color(
        "step:N",
        sort=list(STEP_COLOURS),
        scale=alt.Scale(domain=list(STEP_COLOURS), range=list(STEP_COLOURS.values())),
        legend=None,
    )
    drawing = (
        alt.Chart(rows)
        .mark_bar(height={"band": 0.7})
        .encode(
            y=alt.Y("run:N", sort=None, title=None, axis=alt.Axis(ticks=False, domain=False)),
            x=alt.X("sum(seconds):Q", title="seconds", axis=alt.Axis(tickCount=5)),
            color=colour,
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("run:N", title="Run"),
                alt.Tooltip("step:N", title="Step"),
                alt.Tooltip("label:N", title="Took"),
            ],
        )
    )
    look.chart(drawing, 34 * len(timed) + 50, "Seconds of each step by run")
    look.legend(STEP_COLOURS)


def show_cost(runs: Sequence[Mapping[str, Any]]) -> None:
    """What the estimate is made of, and the prices it assumes."""
    look.section("Cost", "Estimate by list price, from how long the steps took.")
    timed = [run for run in runs if run["seconds"]]
    total = sum((cost_of(run["seconds"]) for run in timed), Cost())
    prices = Prices()
    rows = pd.DataFrame(
        [
            ("Glue jobs", f"{total.dpu_seconds:,.0f} DPU-seconds", f"${prices.per_dpu_hour} per DPU-hour", total.glue),
            (
                "Redshift Serverless",
                f"{total.rpu_seconds:,.0f} RPU-seconds",
                f"${prices.per_rpu_hour} per RPU-hour",
                total.redshift,
            ),
            (
                "Lambda functions",
                f"{total.gb_seconds:,.1f} GB-seconds",
                f"${prices.per_gb_second:.10f} per GB-second",
                total.function,
            ),
        ],
        columns=["service", "quantity", "price", "cost"],
    )
    look.table(
        rows,
        {
            "service": "Service",
            "cost": st.column_config.NumberColumn(f"Cost of {len(timed)} runs", format="$%.4f"),
            "quantity": "Quantity",
            "price": "Price",
        },
    )
    st.caption(
        f"Assumed: us-east-1, {prices.dpu_per_job:g} DPU per job billed for at least {prices.least_glue_seconds:g} s, "
        f"{prices.rpu:g} RPU while the warehouse is loaded. Not in it: queries of people, ingesting functions, "
        "streams, storage, network. On the laptop the seconds are the laptop's. The assumptions stand in "
        "dashboard/cost.py."
    )


def _when(run: Mapping[str, Any]) -> str:
    return f"{pd.Timestamp(run['run_at']):%-d %b %Y, %H:%M}" if run["run_at"] else str(run["run_id"])


if __name__ == "__main__":
    show()
