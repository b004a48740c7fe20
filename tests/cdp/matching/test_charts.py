"""The page of a run's people shows its weights, scores and sizes, and nobody's values."""

import pytest

from benchmarks.identity import sample_world
from cdp.matching.charts import charts
from cdp.matching.matches import resolve_matches
from cdp.matching.model import MatchModel
from cdp.matching.rules import MatchRules

pytestmark = pytest.mark.slow


@pytest.fixture
def page(engine):
    """The page of 120 person records of the sample world."""

    def page(version, records):
        engine.register("clean_customer", records)
        rules = MatchRules.load(version)
        model = MatchModel.shipped(rules)
        resolve_matches(engine, rules, model=model)
        return charts(engine, rules, model, "run_<1>")

    return page


def test_weights_scores_and_sizes_are_drawn_from_the_run_and_show_nobody(page, engine):
    records, _ = sample_world(120)
    html = page("v2", records)
    alone = engine.query(
        "select count(*) as n from (select cluster_id from membership group by cluster_id having count(*) = 1) c"
    )[0]["n"]
    sure = engine.query("select count(*) as n from match_pair where match_probability >= 0.95")[0]["n"]
    assert f">{alone}</text>" in html
    assert f">{sure}</text>" in html
    assert "email: exact (email_user)" in html
    assert "run_&lt;1&gt;" in html
    assert "http" not in html
    stated = {value for name in ("first_name", "email", "phone") for value in records[name].to_pylist() if value}
    assert not [value for value in stated if f">{value}<" in html or "@" in html]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_page_without_people_and_one_without_weights_say_so(page, version):
    html = page(version, sample_world(5)[0].slice(0, 0))
    assert "the largest has 0" in html
    assert ("weigh nothing" in html) == (version == "v1")
