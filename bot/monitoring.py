"""``/metrics`` and ``/health`` for monitoring, on the loopback interface only."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from time import monotonic

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text

from bot.chat.services import Services
from bot.inbox import Inbox
from storage import StorageError

HOST = "127.0.0.1"

SILENCE = 120.0
"""Seconds without an answer to getUpdates, which takes ten, until the bot counts as failing."""


class _Gauges(Collector):
    """Gauges that are computed when Prometheus asks."""

    def __init__(self, services: Services, inbox: Inbox) -> None:
        self._services, self._inbox = services, inbox

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "tag4pic_updates_waiting",
            "Updates that came and are not handled yet.",
            value=self._inbox.waiting,
        )
        yield GaugeMetricFamily(
            "tag4pic_messages_waiting",
            "Answers that are not known to have arrived yet.",
            value=self._services.outbox.waiting,
        )
        yield GaugeMetricFamily(
            "tag4pic_photos_waiting",
            "Photos that wait for their turn to be computed.",
            value=sum(places.waiting for places in self._services.all_places),
        )
        model = {"version": self._services.engine.model}
        yield InfoMetricFamily("tag4pic_model", "The bundle that answers.", value=model)


@asynccontextmanager
async def monitored(
    services: Services, inbox: Inbox, port: int | None, *, polls: bool
) -> AsyncIterator[None]:
    """Serves both at ``port`` while the block runs; None is off.

    Args:
        polls: whether the bot uses long polling rather than a webhook.

    Raises:
        OSError: when the port is taken.
    """
    if port is None:
        yield
        return
    began, collector = monotonic(), _Gauges(services, inbox)
    services.metrics.registry.register(collector)

    async def metrics(_: web.Request) -> web.Response:
        headers = {"Content-Type": CONTENT_TYPE_LATEST}
        return web.Response(body=services.metrics.text(), headers=headers)

    async def health(_: web.Request) -> web.Response:
        wrong = [] if inbox.is_open else ["no updates are handled"]
        if inbox.is_full:
            wrong.append("no updates are taken")
        if polls and monotonic() - (services.metrics.asked_at or began) > SILENCE:
            wrong.append("Telegram does not tell of updates")
        if services.database.not_saved is not None:
            wrong.append(f"nothing is saved: {services.database.not_saved}")
        try:
            async with services.database.reading() as session:
                await session.execute(text("SELECT 1"))
        except StorageError as error:
            wrong.append(str(error))
        return web.json_response(
            {
                "status": "ok" if not wrong else "failing",
                "wrong": wrong,
                "model": services.engine.model,
                "updates_waiting": inbox.waiting,
            },
            status=503 if wrong else 200,
        )

    server = web.Application()
    server.router.add_get("/metrics", metrics)
    server.router.add_get("/health", health)
    runner = web.AppRunner(server, access_log=None)
    try:
        await runner.setup()
        await web.TCPSite(runner, HOST, port).start()
        yield
    finally:
        await runner.cleanup()
        services.metrics.registry.unregister(collector)
