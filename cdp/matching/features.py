"""What is compared of a person record has one plain form, whatever letters, accents and signs it was written with."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa

from cdp.matching.rules import MatchRules
from cdp.steps import MatchEngine, run_steps

# Latin letters that Unicode does not take apart into a plain letter and a mark.
WHOLE = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
PLAIN_TEXT = pa.schema([("stated", pa.string()), ("plain", pa.string())])


def make_features(engine: MatchEngine, rules: MatchRules) -> None:
    """Make the steps `person_record`, `person_identifier` and `person_feature` from `clean_customer`."""
    run_steps(engine, "identity", ("person_record", "person_identifier", "beyond_ascii"), rules.parameters)
    texts = engine.arrow("beyond_ascii").read_all()["stated"].to_pylist()
    plain = [plain_text(text, rules.parameters["separators"]) for text in texts]
    engine.register(
        "plain_text", pa.table({"stated": pa.array(texts, pa.string()), "plain": pa.array(plain, pa.string())})
    )
    run_steps(engine, "identity", ("person_feature",), rules.parameters)


def plain_text(text: str, separators: str) -> str:
    """Small letters without marks and separators: `Łukasz O'Zoë` is `lukaszozoe`; other scripts stay as they are."""
    letters = unicodedata.normalize("NFKD", text.casefold()).translate(WHOLE)
    return re.sub(separators, "", "".join(letter for letter in letters if not unicodedata.combining(letter)))
