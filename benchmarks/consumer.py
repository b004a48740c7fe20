"""Prints how many records per second and core the stream consumer takes: CPU time only, AWS answered at once.

Every row runs in this call on the same events, so that machines differ in the numbers and not in the ratios.
The last row is the whole handler `lambdas/ingest_stream.py` on batches as Lambda delivers them.

    python benchmarks/consumer.py --records 100000
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import sys
import time
import uuid
from base64 import b64decode, b64encode
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cdp.aws import objects
from cdp.aws.ledger import Ledger
from cdp.contracts import contract
from cdp.intake import Intake
from cdp.records import receive
from lambdas import ingest_stream

Step = Callable[[dict[str, Any], list[bytes]], Iterable[object]]

BATCH = 1000
STARTED_AT = 1772359200.0  # 2026-03-01T10:00:00Z
SETTINGS = json.dumps(
    {"environment": "bench", "bucket": {"raw": "raw", "quarantine": "quarantine"}, "table": {"ledger": "ledger"}}
)
CONTEXT = SimpleNamespace(
    function_name="ingest_stream", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="request"
)


def main() -> None:
    options = _options()
    bodies = _bodies(options)
    batches = [json.dumps(batch) for batch in _batches(bodies)]
    event_contract = contract("clickstream_event.v1")
    os.environ["CDP_SETTINGS"] = SETTINGS
    ingest_stream.logger.setLevel("WARNING")

    steps: dict[str, Step] = {
        "orjson.loads of the payloads": lambda _, payloads: map(orjson.loads, payloads),
        "the same + contract": lambda _, payloads: (event_contract.is_valid(orjson.loads(p)) for p in payloads),
        "base64, parse, contract, envelope": lambda event, _: map(_receive, event["Records"]),
        "the same + lines of raw, gzip": lambda event, _: [_intake(event)],
        "whole handler (+ Powertools, keys, metrics)": lambda event, _: [_handle(event)],
    }
    size = sum(map(len, bodies)) / len(bodies)
    print(f"{len(bodies):,} events of {size:.0f} bytes, {options.invalid_percent} % off contract, {BATCH:,} a batch\n")
    print(f"{'step':<46} {'records/s/core':>14} {'µs/record':>10} {'of baseline':>12}")
    baseline = 0.0
    for name, step in steps.items():
        seconds = min(_cpu_seconds(step, batches) for _ in range(options.repeat))
        baseline = baseline or seconds
        rate, micros = len(bodies) / seconds, seconds / len(bodies) * 1e6
        print(f"{name:<46} {rate:>14,.0f} {micros:>10.2f} {baseline / seconds:>12.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000, help="events to take (default 50,000)")
    parser.add_argument("--invalid-percent", type=int, default=1, help="events off contract (default 1)")
    parser.add_argument("--small", action="store_true", help="events without context, about half the bytes")
    parser.add_argument("--repeat", type=int, default=3, help="runs per row, the best counts (default 3)")
    return parser.parse_args()


def _cpu_seconds(step: Step, batches: list[str]) -> float:
    """CPU time of a step over all batches, each decoded just before, as Lambda's runtime does."""
    spent = 0.0
    for text in batches:
        event = json.loads(text)
        payloads = [b64decode(record["kinesis"]["data"]) for record in event["Records"]]
        with redirect_stdout(io.StringIO()):
            started = time.process_time()
            deque(step(event, payloads), maxlen=0)
            spent += time.process_time() - started
    return spent


def _handle(batch: dict[str, Any]) -> object:
    quiet = SimpleNamespace(put_object=lambda **_: None)
    with patch.object(objects, "client", lambda: quiet), patch.object(Ledger, "put_receipt"):
        return ingest_stream.handler(batch, CONTEXT)  # type: ignore[arg-type]


def _intake(batch: dict[str, Any]) -> Intake:
    intake = Intake("ingest_stream")
    for record in batch["Records"]:
        intake.add(_receive(record))
    return intake


def _receive(record: dict[str, Any]) -> Any:
    return receive(
        b64decode(record["kinesis"]["data"]),
        source="web",
        contract_name="clickstream_event.v1",
        received_at="2026-03-01T10:00:00.000Z",
        origin=record["eventID"],
        is_self_described=True,
    )


def _batches(bodies: list[bytes]) -> list[dict[str, Any]]:
    records = [
        {
            "eventID": f"shardId-000000000000:{number:056d}",
            "eventSource": "aws:kinesis",
            "kinesis": {
                "data": b64encode(body).decode(),
                "sequenceNumber": f"{number:056d}",
                "approximateArrivalTimestamp": STARTED_AT + number / 1000,
            },
        }
        for number, body in enumerate(bodies)
    ]
    return [{"Records": records[start : start + BATCH]} for start in range(0, len(records), BATCH)]


def _bodies(options: argparse.Namespace) -> list[bytes]:
    rng = random.Random(1)
    return [
        _body(rng, is_valid=rng.random() * 100 >= options.invalid_percent, is_small=options.small)
        for _ in range(options.records)
    ]


def _body(rng: random.Random, *, is_valid: bool, is_small: bool) -> bytes:
    path = f"/product/{rng.randrange(200)}"
    event: dict[str, Any] = {
        "messageId": str(uuid.UUID(int=rng.getrandbits(128))),
        "anonymousId": str(uuid.UUID(int=rng.getrandbits(128))),
        "type": "track" if is_valid else "tracked",
        "event": rng.choice(["Product Viewed", "Product Added", "Order Completed"]),
        "timestamp": f"2026-03-01T09:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(1000):03d}Z",
        "properties": {"product_id": f"P-{rng.randrange(200)}", "quantity": rng.randrange(1, 4), "path": path},
    }
    if not is_small:
        event["userId"] = f"S-{rng.randrange(5000):06d}" if rng.random() < 0.4 else None
        event["sentAt"] = "2026-03-01T10:00:00.000Z"
        event["context"] = {
            "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)",
            "locale": "de-DE",
            "page": {"path": path, "url": f"https://shop.example{path}", "referrer": "https://search.example/"},
            "device": {"type": rng.choice(["desktop", "mobile", "tablet"])},
            "location": {"country": "DE"},
        }
    return orjson.dumps(event)


if __name__ == "__main__":
    main()
