"""Every name the code needs comes from one typed object, read once from the environment or a job argument.

What a function or job may touch is listed in `terraform/platform.json`; only those names are in its settings,
so using a bucket that was never granted fails here, with the reason, and not as an AccessDenied at night.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

VARIABLE = "CDP_SETTINGS"


class SettingsError(Exception):
    """A name is missing from the settings; the message says which and where to grant it."""


@dataclass(frozen=True)
class Settings:
    """Names of the resources one function or job may use, by kind and key of `terraform/platform.json`.

    `catalog` are properties of the Iceberg catalog where it is not Glue's; `work_folder` is a URI where an engine
    of several machines keeps intermediate results.
    """

    environment: str
    engine: str = "duckdb"
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    warehouse: Mapping[str, str] | None = None
    catalog: Mapping[str, str] | None = None
    work_folder: str | None = None

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Parse `{"environment", "engine", "bucket": {key: name}, "table": …, "warehouse": {…}, "catalog": {…}}`."""
        try:
            data = json.loads(text)
            environment = data.pop("environment")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise SettingsError(f"settings are not a JSON object with an environment: {error!r}") from error
        engine = data.pop("engine", "duckdb")
        single = {name: data.pop(name, None) for name in ("warehouse", "catalog", "work_folder")}
        return cls(environment=environment, engine=engine, names=data, **single)

    @classmethod
    def from_environment(cls) -> Settings:
        """Read the variable CDP_SETTINGS, which Terraform sets on every Lambda function."""
        text = os.environ.get(VARIABLE)
        if text is None:
            raise SettingsError(f"environment variable {VARIABLE} is not set; Terraform sets it on every function")
        return cls.from_json(text)

    def bucket(self, zone: str) -> str:
        """Name of the S3 bucket of a zone."""
        return self._name("bucket", zone)

    def database(self, zone: str) -> str:
        """Name of the Glue database of a zone."""
        return self._name("database", zone)

    def table(self, key: str) -> str:
        """Name of a DynamoDB table."""
        return self._name("table", key)

    def topic(self, key: str) -> str:
        """ARN of an SNS topic."""
        return self._name("topic", key)

    def stream(self, key: str) -> str:
        """Name of a Kinesis stream."""
        return self._name("stream", key)

    def _name(self, kind: str, key: str) -> str:
        try:
            return self.names[kind][key]
        except KeyError:
            raise SettingsError(
                f"{kind}/{key} is not granted to this function or job; add it to its reads or writes "
                "in terraform/platform.json"
            ) from None
