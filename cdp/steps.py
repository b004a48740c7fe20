"""A capability's SQL steps run in the order given, each under the name of its file, on whichever engine it gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from cdp import resources

if TYPE_CHECKING:
    import pyarrow as pa


class Engine(Protocol):
    """What the capabilities need of an engine; those in `cdp/engines` have it."""

    def step(self, name: str, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Materialise the rows of `sql` under a name; a name given again stands for the last rows."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Rows of a small result."""

    def forget(self, *names: str) -> None:
        """Free what these steps hold."""


class MatchEngine(Engine, Protocol):
    """An engine that also gives rows to Python and takes them back.

    `hash_function` names its SQL function of any columns to 64 bits; only equality means the same on every engine.
    """

    hash_function: str

    def register(self, name: str, rows: pa.Table) -> None:
        """Give the steps an Arrow table under a name."""

    def splink(self) -> Any:
        """Splink's access to this engine's steps."""

    def arrow(self, name: str) -> pa.RecordBatchReader:
        """Stream the rows of a step or input."""


def run_steps(engine: Engine, folder: str, steps: Iterable[str], parameters: Mapping[str, Any] | None = None) -> None:
    """Run `sql/lake/<folder>/<step>.sql` for each step."""
    for name in steps:
        engine.step(name, resources.read_text(f"sql/lake/{folder}/{name}.sql"), parameters)
