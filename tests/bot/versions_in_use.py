"""A running bot that follows the version in use, and versions for it to take up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.chat.application import build
from bot.chat.learner import Learner
from bot.chat.services import Services
from bot.local.server import LocalServer
from bot.model_updates import AtStart, kept_current
from bot.receiving import polling
from bot.settings import Settings
from recommenders import bundle as bundles
from recommenders.engine import Engine
from recommenders.versions import Versions
from storage import (
    Database,
)
from tests.bot.running import TOKEN
from tests.bundles import tiny_bundle
from tests.concepts import BACKBONE
from tests.waiting import until


@dataclass
class Running:
    services: Services
    database: Database
    versions: Versions
    page_url: str

    async def answered_by(self, model: str) -> None:
        await until(lambda: self.services.engine.model == model, seconds=600)


@asynccontextmanager
async def running(settings: Settings, path: Path) -> AsyncIterator[Running]:
    database = await Database.open(settings.database_url)
    server = LocalServer(TOKEN)
    url = await server.start(port=0)
    engine = Engine.load(path)
    learner = Learner(engine, database)
    await learner.start()
    settings = settings.model_copy(update={"model_dir": path})
    application = build(settings, engine, database, learner=learner, token=TOKEN, api_url=url)
    services = application.bot_data["services"]
    versions = Versions.of(path)
    async with (
        polling(application),
        kept_current(services, versions, AtStart.of(versions), check_every=0.05, count_every=0.2),
    ):
        yield Running(services, database, versions, server.page_url)
    await server.stop()
    await database.close()


def promote(versions: Versions, name: str) -> Path:
    """Another version, with a hashtag of its own."""
    bundle = bundles.load(tiny_bundle(versions.folder / name, model=name, w2v=BACKBONE, seed=3))
    bundle.hashtags[0] = f"of_{name.replace('-', '_')}"
    bundle.provenance["fine_tuned_from"] = "mine-1"
    bundles.save(bundle, versions.folder / name)
    versions.promote(versions.folder / name)
    return versions.folder / name
