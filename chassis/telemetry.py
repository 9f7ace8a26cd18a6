"""Logs without personal data, Prometheus metrics, W3C trace context."""

from __future__ import annotations

import logging
import re
import secrets
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, Final, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

#: The only fields a log line may carry; anything else is dropped and named, so that no personal value slips through.
ALLOWED: Final = frozenset(
    "event level timestamp logger service reader topic partition offset count code kind status method route path_template duration_ms "
    "request_id trace_id source_id key_id campaign_id segment_id batch_id message_id job cause error_type version port pid database "
    "group lag age_s attempt retry_in_s signal state name rows bytes reason part limit seconds host member url_scheme dropped_fields".split()
)

_TRACEPARENT: Final = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")

#: The trace context of the task at hand, as in https://www.w3.org/TR/trace-context/.
_trace: ContextVar[str] = ContextVar("traceparent", default="")
#: The id of the HTTP request or log record that is being worked on.
correlation: ContextVar[str] = ContextVar("correlation", default="")

REGISTRY: Final = CollectorRegistry(auto_describe=True)

HTTP_SECONDS: Final = Histogram(
    "ecrm_http_request_seconds", "Time to answer a request", ["service", "route", "status"], registry=REGISTRY,
    buckets=(0.001, 0.005, 0.02, 0.05, 0.1, 0.3, 1, 3, 10),
)
RECORDS: Final = Counter("ecrm_records_total", "Records of the log by reader and outcome", ["service", "reader", "outcome"], registry=REGISTRY)
READER_LAG: Final = Gauge("ecrm_reader_lag", "Records not yet read", ["service", "reader"], registry=REGISTRY)
READER_PROGRESS: Final = Gauge("ecrm_reader_last_progress_timestamp", "When the reader last advanced", ["service", "reader"], registry=REGISTRY)
OUTBOX_PENDING: Final = Gauge("ecrm_outbox_pending", "Rows the relay has not published yet", ["service"], registry=REGISTRY)
OUTBOX_OLDEST: Final = Gauge("ecrm_outbox_oldest_seconds", "Age of the oldest row the relay has not published yet", ["service"], registry=REGISTRY)
READER_STOPPED: Final = Gauge("ecrm_reader_stopped", "1 while a reader stands still at a gap in the log", ["service", "reader"], registry=REGISTRY)
DEAD_LETTERS: Final = Gauge("ecrm_dead_letters", "Records set aside, and records that wait behind them", ["service", "state"], registry=REGISTRY)
DELAY_SECONDS: Final = Histogram(
    "ecrm_delay_seconds", "From what happened (an event: received by the collector) to applied by a reader, or told of segments; the oldest of each batch",
    ["service", "reader"], registry=REGISTRY, buckets=(0.1, 0.3, 1, 2, 3, 5, 10, 30, 60, 300, 3600),
)
CLOCK_OFF: Final = Gauge("ecrm_clock_off_seconds", "This process's clock minus its database's", ["service"], registry=REGISTRY)
BUILD: Final = Gauge("ecrm_build", "1, labelled with the version that runs", ["service", "version"], registry=REGISTRY)
JOB_SECONDS: Final = Histogram("ecrm_job_seconds", "Time of one run of a job", ["service", "job", "outcome"], registry=REGISTRY)


def counter(name: str, text: str, labels: tuple[str, ...] = ()) -> Counter:
    """A counter of a service; made once at import of its room. Labels never name a person."""
    return Counter(name, text, labels, registry=REGISTRY)


def gauge(name: str, text: str, labels: tuple[str, ...] = ()) -> Gauge:
    """A gauge of a service; made once at import of its room. Labels never name a person."""
    return Gauge(name, text, labels, registry=REGISTRY)


def exposition() -> bytes:
    """All metrics of this process in Prometheus' text format."""
    return generate_latest(REGISTRY)


def new_traceparent() -> str:
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def follow(traceparent: str | None) -> str:
    """Continue the caller's trace with a span of our own, or begin one; returns what to pass on."""
    match = _TRACEPARENT.match(traceparent or "")
    trace_id = match.group(1) if match else secrets.token_hex(16)
    current = f"00-{trace_id}-{secrets.token_hex(8)}-01"
    _trace.set(current)
    return current


def traceparent() -> str:
    """The trace context to pass on, empty outside any trace."""
    return _trace.get()


def logger(name: str) -> structlog.stdlib.BoundLogger:
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return bound


class Lines:
    """Where log lines go. One that cannot be written (the disk is full, nobody reads the pipe any more) is lost, never the work it tells of."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Like a stream's, but does not raise OSError."""
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Like a stream's, but does not raise OSError."""
        with suppress(OSError):
            self._stream.flush()


def configure(*, level: str = "info", json: bool = True) -> None:
    """Set up logging of the whole process, once, by the launcher."""
    render: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _trace_fields,
            _exception_by_type,
            _only_allowed,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(file=cast("TextIO", Lines(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # ten lines a second while the broker is away; the adapter tells once
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s", force=True)


def _trace_fields(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    trace = _trace.get()
    if trace:
        fields.setdefault("trace_id", trace[3:35])
    request = correlation.get()
    if request:
        fields.setdefault("request_id", request)
    return fields


def _exception_by_type(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Exceptions by type and place, never by message: messages quote data."""
    error = fields.pop("error", None) or (sys.exc_info()[1] if fields.pop("exc_info", None) else None)
    if isinstance(error, BaseException):
        fields["error_type"] = type(error).__name__
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        if place is not None:
            fields["cause"] = f"{place.tb_frame.f_globals.get('__name__', '?')}:{place.tb_lineno}"
    return fields


def _only_allowed(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    dropped = sorted(set(fields) - ALLOWED)
    for name in dropped:
        del fields[name]
    if dropped:
        fields["dropped_fields"] = dropped
    return fields
