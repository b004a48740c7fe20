"""A page about a run's people: what each field weighs, how sure the ties are, how large the customers.

It holds counts only, nobody's values, and nothing that a browser would have to fetch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules
from cdp.steps import Engine

Bars = Sequence[tuple[str, float]]
BINS = 20
LARGEST = 10  # records; customers with more share one bar
WIDTH, LABEL, ROW = 720, 280, 22  # pixels of a chart, of its labels, of a bar
STYLE = """body{font:15px/1.5 system-ui,sans-serif;color:#1d2733;max-width:760px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}svg{display:block}text{font-size:13px;fill:#1d2733}
.for{fill:#2a7f62}.against{fill:#b5532f}.count{fill:#3567a8}.axis{stroke:#9aa5b1}p{color:#4b5866}"""


def charts(engine: Engine, rules: MatchRules, model: MatchModel, run_id: str) -> str:
    """HTML about the steps `membership` and `match_pair`, after `resolve_matches`."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Identity of run {escape(run_id)}</title><style>{STYLE}</style></head>
<body><h1>Who is who in run {escape(run_id)}</h1>
<p>Rules {escape(rules.rule_version)}, model {model.model_version if rules.comparisons else "none"}.</p>
<h2>What each field weighs</h2>
{_weights(rules, model) if rules.comparisons else "<p>These rules weigh nothing: a shared identifier ties.</p>"}
<h2>How sure the ties are</h2>
{_scores(engine) if rules.comparisons else "<p>These rules give no scores.</p>"}
<h2>How many person records a customer has</h2>
{_sizes(engine)}
</body></html>
"""


def _weights(rules: MatchRules, model: MatchModel) -> str:
    """Bits per field and level, before a value's rarity; the longest bar is the strongest word."""
    bars = [
        (f"{comparison.name}: {comparison.agreement(level)}", math.log2(m / u))
        for comparison in rules.comparisons
        for level, (m, u) in zip(comparison.levels, model.parameters[comparison.name], strict=True)
    ]
    most, least = max(0.0, *(bits for _, bits in bars)), min(0.0, *(bits for _, bits in bars))
    scale = (WIDTH - LABEL - 60) / (most - least)
    zero = LABEL - least * scale
    drawn = "".join(
        f'<rect class="{"for" if bits > 0 else "against"}" x="{zero + min(bits, 0) * scale:.1f}" y="{n * ROW + 4}"'
        f' width="{max(abs(bits) * scale, 1):.1f}" height="{ROW - 8}"/>'
        f'<text x="{zero + max(bits, 0) * scale + 6:.1f}" y="{n * ROW + 15}">{bits:+.1f}</text>'
        for n, (_, bits) in enumerate(bars)
    )
    axis = f'<line class="axis" x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{len(bars) * ROW}"/>'
    return _framed("Bits for (right) and against (left) one human.", bars, drawn + axis)


def _scores(engine: Engine) -> str:
    rows = engine.query(
        f"""select least(cast(floor(match_probability * {BINS}) as bigint), {BINS - 1}) as bin, count(*) as n
            from match_pair group by 1"""
    )
    found = {row["bin"]: row["n"] for row in rows}
    bars = [(f"{n / BINS:.2f} to {(n + 1) / BINS:.2f}", float(found.get(n, 0))) for n in range(BINS)]
    return _counted("Pairs in reach of each other, by the probability that they are one human; a log scale.", bars)


def _sizes(engine: Engine) -> str:
    rows = engine.query(
        f"""select least(size, {LARGEST + 1}) as size, count(*) as n, max(size) as largest
            from (select cluster_id, count(*) as size from membership group by cluster_id) c group by 1"""
    )
    found = {row["size"]: row["n"] for row in rows}
    bars = [(str(n), float(found.get(n, 0))) for n in range(1, LARGEST + 1)]
    bars.append((f"more than {LARGEST}", float(found.get(LARGEST + 1, 0))))
    largest = max((row["largest"] for row in rows), default=0)
    return _counted(f"Customers by their number of person records, the largest has {largest:,}; a log scale.", bars)


def _counted(says: str, bars: Bars) -> str:
    """Bars of counts; what is there once can be seen beside millions."""
    most = max(math.log10(1 + count) for _, count in bars) or 1
    lengths = [math.log10(1 + count) / most * (WIDTH - LABEL - 100) for _, count in bars]
    drawn = "".join(
        f'<rect class="count" x="{LABEL}" y="{n * ROW + 4}" height="{ROW - 8}"'
        f' width="{length:.1f}"/>'
        f'<text x="{LABEL + length + 6:.1f}" y="{n * ROW + 15}">{count:,.0f}</text>'
        for n, ((_, count), length) in enumerate(zip(bars, lengths, strict=True))
    )
    return _framed(says, bars, drawn)


def _framed(says: str, bars: Bars, drawn: str) -> str:
    labels = "".join(
        f'<text x="{LABEL - 8}" y="{n * ROW + 15}" text-anchor="end">{escape(label)}</text>'
        for n, (label, _) in enumerate(bars)
    )
    height = len(bars) * ROW + 4
    return f"""<p>{escape(says)}</p>
<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" aria-label="{escape(says)}">
{labels}{drawn}</svg>"""
