"""What one event costs between the bytes of a batch and the records of the log."""

from __future__ import annotations

import json
import time

import pytest

from services.interaction.api import collector_confirming
from services.interaction.domain import collecting
from tests.unit.interaction.collecting.support import receipt

EVENT = {
    "timestamp": "2026-11-23T03:56:20.374Z", "integrations": {}, "type": "track", "event": "Product Viewed", "anonymousId": "9d1c-aa",
    "properties": {
        "product_id": "507f1f77bcf86cd799439011", "sku": "G-32", "category": "Games", "name": "Monopoly: 3rd Edition", "brand": "Hasbro", "price": 18.99,
        "quantity": 1, "currency": "usd", "url": "https://www.example.com/product/path",
    },
    "context": {"library": {"name": "@segment/analytics-node", "version": "3.1.0"}, "page": {"path": "/academy", "title": "Academy"}, "ip": "8.8.8.8"},
    "_metadata": {"nodeVersion": "v20.20.2", "jsRuntime": "node"},
}


@pytest.mark.bench
def test_microseconds_per_event_of_a_batch_of_100(capsys: pytest.CaptureFixture[str]) -> None:
    events = [{**EVENT, "userId": f"u-{number}", "messageId": f"node-next-1795406180374-6f9c8bd8-{number:012d}"} for number in range(100)]
    body = json.dumps({"batch": events, "sentAt": "2026-11-23T03:56:20.384Z"}, separators=(",", ":")).encode()
    given = receipt()
    best = float("inf")
    for _ in range(100):
        began = time.process_time()
        found = collecting.read_batch(body)
        collecting.check_count(found)
        outcome = collecting.check_events(found, given)
        records = collector_confirming.accepted_records(outcome, "src", ())
        best = min(best, time.process_time() - began)
        assert len(records) == 100
    with capsys.disabled():
        print(f"\n{len(body) // 100} bytes an event: {best * 1e4:.1f} µs an event")
    assert best * 1e4 < 150
