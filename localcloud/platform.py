"""The platform of `terraform/platform.json` exists in the cloud afterwards; creating it twice changes nothing.

What Terraform does for AWS this does for the laptop, from the same list of names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "123456789012"
REGION = "us-east-1"
SHARDS = 2


class MissingSourceError(Exception):
    """The list names something whose source file is not there."""


class Cloud(Protocol):
    """Where a platform is created: LocalCloud, or CloudProcess."""

    def client(self, service: str) -> Any:
        """A boto3 client for one of its services."""


@dataclass(frozen=True)
class Platform:
    """Names (of a topic, a function and a state machine: the ARN) by kind and key of the list."""

    prefix: str
    bucket: Mapping[str, str]
    database: Mapping[str, str]
    stream: Mapping[str, str]
    table: Mapping[str, str]
    topic: Mapping[str, str]
    function: Mapping[str, str]
    job: Mapping[str, str]
    state_machine: Mapping[str, str]
    schedule: Mapping[str, str]
    warehouse: Mapping[str, str] | None = None
    engine: str = "duckdb"
    catalog: Mapping[str, str] | None = None

    @classmethod
    def named(
        cls,
        listed: Mapping[str, Any],
        environment: str,
        warehouse: Mapping[str, str] | None,
        engine: str = "duckdb",
        catalog: Mapping[str, str] | None = None,
    ) -> Platform:
        """The names that the list stands for in an environment."""
        prefix = f"{listed['project']}-{environment}"

        def names(kind: str, pattern: str = "{}") -> dict[str, str]:
            return {key: pattern.format(f"{prefix}-{key}") for key in listed.get(kind, {})}

        arn = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}"
        return cls(
            prefix=prefix,
            bucket=names("bucket"),
            database={key: f"{prefix}-{key}".replace("-", "_") for key in listed.get("database", {})},
            stream=names("stream"),
            table=names("table"),
            topic=names("topic", arn.format("sns", "{}")),
            function=names("function", arn.format("lambda", "function:{}")),
            job=names("job"),
            state_machine=names("state_machine", arn.format("states", "stateMachine:{}")),
            schedule=names("schedule"),
            warehouse=warehouse,
            engine=engine,
            catalog=catalog,
        )

    def settings(self, environment: str, grants: list[str], engine: str = "duckdb") -> str:
        """CDP_SETTINGS of a function or job that may use `grants` ("bucket/raw", "table/ledger", "warehouse")."""
        settings: dict[str, Any] = {"environment": environment, "engine": engine}
        if self.catalog is not None:
            settings["catalog"] = self.catalog
        for grant in grants:
            kind, key, *_ = [*grant.split("/"), ""]  # a folder of a bucket is in the bucket
            if kind == "warehouse":
                settings["warehouse"] = self.warehouse
                continue
            settings.setdefault(kind, {})[key] = getattr(self, kind)[key]
            if kind == "bucket" and key in self.database:
                settings.setdefault("database", {})[key] = self.database[key]
        return json.dumps(settings, sort_keys=True)

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)


def create_platform(
    cloud: Cloud,
    environment: str = "local",
    *,
    root: Path = ROOT,
    shards: int = SHARDS,
    batching_window_s: int | None = None,
    warehouse: Mapping[str, str] | None = None,
    engine: str = "duckdb",
    catalog: Mapping[str, str] | None = None,
) -> Platform:
    """Create or update everything.

    `warehouse` is where the warehouse listens, as settings name it; `batching_window_s` replaces the list's.
    `engine` runs the jobs that transform; `catalog` are properties of the Iceberg catalog where it is not Glue's.
    Raises MissingSourceError when a function, job or state machine is listed whose file is not there.
    """
    from localcloud.creator import Creator

    listed = json.loads((root / "terraform/platform.json").read_text())
    _check_sources(listed, root)
    platform = Platform.named(listed, environment, warehouse, engine, catalog)
    creator = Creator(cloud, platform, listed, environment, root)
    creator.storage(shards)
    creator.package()
    creator.functions(batching_window_s)
    creator.jobs()
    creator.state_machines()
    creator.schedules()
    return platform


def _check_sources(listed: Mapping[str, Any], root: Path) -> None:
    kinds = {"function": "lambdas/{}.py", "job": "glue_jobs/{}.py", "state_machine": "step_functions/{}.asl.json.tftpl"}
    for kind, pattern in kinds.items():
        for key in listed.get(kind, {}):
            if not (root / pattern.format(key)).is_file():
                raise MissingSourceError(
                    f"{pattern.format(key)} does not exist, but terraform/platform.json lists {kind} {key}; "
                    "write the file or take it off the list"
                )
