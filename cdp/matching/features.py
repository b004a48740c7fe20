"""What is compared of a person record has one plain form, whatever letters, accents and signs it was written with."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa

from cdp import resources
from cdp.matching.rules import MatchRules
from cdp.steps import MatchEngine, run_steps

STATED = ("person_record", "held_identifier", "stated_record")
DESCRIBED = ("beyond_ascii", "person_feature")

# Latin letters that Unicode does not take apart into a plain letter and a mark.
WHOLE = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
PLAIN_TEXT = pa.schema([("stated", pa.string()), ("plain", pa.string())])


def make_features(engine: MatchEngine, rules: MatchRules) -> None:
    """Make the steps of STATED, and `person_feature` of all person records, from `clean_customer`."""
    run_steps(engine, "identity", STATED, rules.parameters)
    describe(engine, rules, "stated_record")


def describe(engine: MatchEngine, rules: MatchRules, records: str) -> None:
    """Make the step `person_feature` of the records (person_id, number) of a step, after those of STATED."""
    engine.step(
        "described_record",
        f"select r.*, d.number from person_record r join {records} d on d.person_id = r.person_id",
    )
    run_steps(engine, "identity", DESCRIBED[:1], rules.parameters)
    texts = engine.arrow("beyond_ascii").read_all()["stated"].to_pylist()
    plain = [plain_text(text, rules.parameters["separators"]) for text in texts]
    engine.register("plain_text", pa.table({"stated": texts, "plain": plain}, schema=PLAIN_TEXT))
    run_steps(engine, "identity", DESCRIBED[1:], rules.parameters)


def how_made() -> str:
    """All that decides which features a stated record has, beside the rules."""
    files = (f"sql/lake/identity/{step}.sql" for step in (*STATED, *DESCRIBED))
    texts = (resources.read_text(file) for file in (*files, "cdp/matching/features.py"))
    return "".join((*texts, unicodedata.unidata_version))


def plain_text(text: str, separators: str) -> str:
    """Small letters without marks and separators: `Łukasz O'Zoë` is `lukaszozoe`; other scripts stay as they are."""
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(WHOLE)
    return re.sub(separators, "", "".join(letter for letter in letters if not unicodedata.combining(letter)))
