"""Event source mappings are polled as Lambda polls them: batches in order per shard, shards side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from localcloud.clock import Clock
from localcloud.deliveries import Deliveries
from localcloud.queue_source import QueueSource
from localcloud.stream_source import ShardSource

SUPERVISE_S = 0.1
POLL_S = 0.05


@dataclass(frozen=True)
class Backlog:
    """What is still under way: records that wait on streams, messages in queues, hand-overs between services."""

    records: int
    messages: int
    deliveries: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is under way."""
        return not (self.records or self.messages or self.deliveries)

    def as_dict(self) -> dict[str, int]:
        """The three numbers by name."""
        return asdict(self)


class EventSources:
    """One reader thread per mapping and shard (or queue), begun and ended as mappings come and go."""

    def __init__(self, clock: Clock, deliveries: Deliveries, stopping: threading.Event) -> None:
        self._clock = clock
        self._deliveries = deliveries
        self._readers: dict[tuple[str, str], tuple[Any, threading.Thread]] = {}
        self._stop = stopping
        self._hurry = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, daemon=True, name="event-sources")

    def start(self) -> None:
        """Begin to poll."""
        self._supervisor.start()

    def join(self) -> None:
        """Wait until every reader has seen `stopping`; batches under way count as not taken."""
        if self._supervisor.is_alive():
            self._supervisor.join()
        for _, thread in self._readers.values():
            thread.join()

    def backlog(self) -> Backlog:
        """What is under way now, over all mappings that are enabled."""
        sources = [source for _, source in self._wanted()]
        records = sum(source.waiting() for source in sources if isinstance(source, ShardSource))
        messages = sum(source.waiting() for source in sources if isinstance(source, QueueSource))
        return Backlog(records, messages, self._deliveries.pending)

    def wait_until_drained(self, timeout_s: float) -> Backlog:
        """Wait until nothing is under way; batching windows end at once meanwhile. The result tells what is left."""
        deadline = time.monotonic() + timeout_s
        self._hurry.set()
        try:
            while True:
                # A function may have put a record or an object between the two looks, never after both.
                left = self.backlog() if (first := self.backlog()).is_empty else first
                if left.is_empty or time.monotonic() > deadline or self._stop.wait(POLL_S):
                    return left
        finally:
            self._hurry.clear()

    def _supervise(self) -> None:
        while not self._stop.wait(SUPERVISE_S):
            for key, source in self._wanted():
                _, thread = self._readers.get(key, (None, None))
                if thread is None or not thread.is_alive():
                    name = f"poll-{key[0][:8]}-{key[1]}"
                    thread = threading.Thread(target=self._read, args=(source,), daemon=True, name=name)
                    self._readers[key] = (source, thread)
                    thread.start()

    def _read(self, source: ShardSource | QueueSource) -> None:
        try:
            source.run(self._stop, self._hurry)
        except Exception as error:  # a function that was deleted, say; the mapping is tried again
            if not self._stop.wait(SUPERVISE_S):
                self._deliveries.record("event-sources", "poller", 0, f"{type(error).__name__}: {error}")

    def _wanted(self) -> Iterator[tuple[tuple[str, str], Any]]:
        """Sources of all enabled mappings; one that was known before goes on where it stood."""
        from moto.awslambda.models import lambda_backends

        mappings = [
            mapping
            for regions in list(lambda_backends.values())
            for backend in list(regions.values())
            for mapping in list(backend._event_source_mappings.values())
            if mapping.enabled
        ]
        for mapping in mappings:
            service = mapping.event_source_arn.split(":")[2]
            if service == "kinesis":
                for shard in ShardSource.shards_of(mapping):
                    key = (mapping.uuid, shard.shard_id)
                    yield key, self._known(key) or ShardSource(mapping, shard, self._clock, self._deliveries)
            elif service == "sqs":
                key = (mapping.uuid, "queue")
                yield key, self._known(key) or QueueSource(mapping, self._deliveries)

    def _known(self, key: tuple[str, str]) -> Any:
        return self._readers[key][0] if key in self._readers else None
