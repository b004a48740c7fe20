"""Which value wins in the golden record is configured per attribute, `data_quality/identity/survivorship.<v>.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import yaml

from cdp import resources
from cdp.steps import MatchEngine

SURVIVORSHIP_VERSION = "v1"
STRATEGIES = ("frequent", "trusted", "verified", "complete", "recent")
PLACES = ("first", "second", "third", "fourth", "fifth")
ATTRIBUTES = (
    "email",
    "phone",
    "first_name",
    "last_name",
    "birth_on",
    "street",
    "postal_code",
    "city",
    "country",
    "has_marketing_consent",
)


class SurvivorshipError(Exception):
    """A version of the survivorship rules is missing or says something unknown; the message names file and entry."""


@dataclass(frozen=True)
class Survivorship:
    """Strategies per attribute, in the order they are tried; trust per source, and where it differs per attribute."""

    version: str
    attributes: Mapping[str, Sequence[str]]
    trust: Mapping[str, int]
    attribute_trust: Mapping[str, Mapping[str, int]]
    verified_by: Mapping[str, Sequence[str]]

    @classmethod
    def load(cls, version: str = SURVIVORSHIP_VERSION) -> Survivorship:
        """The rules of a version. Raises SurvivorshipError."""
        path = f"data_quality/identity/survivorship.{version}.yml"
        try:
            stated = yaml.safe_load(resources.read_text(path))
            names = ("survivorship_version", "attributes", "trust", "attribute_trust", "verified_by")
            rules = cls(*(stated[name] for name in names))
        except FileNotFoundError as error:
            raise SurvivorshipError(f"there are no survivorship rules {path}; name a version that exists") from error
        except (KeyError, TypeError) as error:
            raise SurvivorshipError(f"{path} lacks the entry {error}") from error
        if problems := list(rules.problems()):
            raise SurvivorshipError(f"{path}: {'; '.join(problems)}")
        return rules

    def problems(self) -> Iterator[str]:
        """What cannot be used, in sentences."""
        if set(self.attributes) != set(ATTRIBUTES):
            yield f"attributes are exactly {', '.join(ATTRIBUTES)}"
        for attribute, strategies in self.attributes.items():
            if unknown := sorted(set(strategies) - set(STRATEGIES)):
                yield f"{attribute}: there is no strategy {', '.join(unknown)}, only {', '.join(STRATEGIES)}"
        for attribute in sorted({*self.attribute_trust, *self.verified_by} - set(ATTRIBUTES)):
            yield f"{attribute} is no attribute of the golden record"

    def register(self, engine: MatchEngine) -> None:
        """Give the steps `attribute` (attribute, first … fifth strategy) and `source_trust` (per source, attribute)."""
        engine.register("attribute", pa.Table.from_pylist([self._order(name) for name in ATTRIBUTES]))
        columns = {"source": pa.string(), "attribute": pa.string(), "trust": pa.int64(), "verified": pa.int64()}
        engine.register("source_trust", pa.Table.from_pylist(list(self._trusted()), schema=pa.schema(columns)))

    def _order(self, attribute: str) -> dict[str, Any]:
        strategies = dict.fromkeys([*self.attributes[attribute], "recent"])
        return {"attribute": attribute} | dict(zip(PLACES, [*strategies, *["recent"] * 4], strict=False))

    def _trusted(self) -> Iterator[dict[str, Any]]:
        for attribute in ATTRIBUTES:
            trust = {**self.trust, **self.attribute_trust.get(attribute, {})}
            verified = self.verified_by.get(attribute, ())
            for source in sorted({*trust, *verified}):
                yield {
                    "source": source,
                    "attribute": attribute,
                    "trust": trust.get(source, 0),
                    "verified": int(source in verified),
                }
