"""Prometheus metrics of the bot: counts and durations, nothing about people or content."""

from time import monotonic

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)

BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
"""Seconds; most answers take less than a tenth of one."""


class Metrics:
    """The counters of one bot.

    Attributes:
        registry: of all metrics; others may add collectors.
        requests: photos and albums to be answered, by backend and outcome.
        seconds: from the message until its answer is sent.
        steps: seconds of each step: download, decode, features, hashtags, send.
        failures: updates that failed, by the kind of error.
        asked_at: when Telegram last answered getUpdates, by ``monotonic``.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "tag4pic_requests",
            "Photos and albums that were to be answered.",
            ("backend", "outcome"),
            registry=self.registry,
        )
        self.cached = Counter(
            "tag4pic_cache_hits",
            "Answers to photos that were known.",
            registry=self.registry,
        )
        self.seconds = Histogram(
            "tag4pic_answer_seconds",
            "From a message with a photo until its answer is sent.",
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.steps = Histogram(
            "tag4pic_step_seconds",
            "One step of an answer.",
            ("step",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.failures = Counter(
            "tag4pic_failures", "Updates that failed.", ("kind",), registry=self.registry
        )
        self.asked_at: float | None = None

    def asked(self, status: int) -> None:
        """Notes the HTTP status of Telegram's answer to getUpdates."""
        if status == 200:
            self.asked_at = monotonic()

    def text(self) -> bytes:
        """All metrics, in Prometheus' text format."""
        return generate_latest(self.registry)
