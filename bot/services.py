"""What every handler works with, made once at the start and handed down."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from telegram import Update
from telegram.ext import Application, CallbackContext, ContextTypes, ExtBot

from bot.albums import Albums
from bot.learning import Learner, StoredOnly
from bot.settings import Settings
from bot.texts import ENGLISH, Texts, texts_for
from bot.typing_action import Typing
from recommenders.engine import Engine
from storage.database import Database

PHOTOS_AT_ONCE = 16
"""Files of up to 20 MB held in memory at a time; further photos wait their turn."""


Result = TypeVar("Result")


@dataclass
class Services:
    """The engine may be replaced while the bot runs: read ``engine`` once per photo."""

    settings: Settings
    engine: Engine
    database: Database
    learner: Learner = field(default_factory=StoredOnly)
    learnt_at: datetime | None = None
    """When something was last learnt; answers from before then are not repeated."""
    albums: Albums = field(default_factory=Albums)
    typing: Typing = field(default_factory=Typing)
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PHOTOS_AT_ONCE))
    # One thread: the backbones use all cores for one photo, and the event loop stays free.
    worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="photos")
    )

    async def in_worker(self, work: Callable[[], Result]) -> Result:
        """Run ``work`` in the thread that all heavy computing shares."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, work)

    def is_admin(self, user_id: int | None) -> bool:
        return user_id in self.settings.admin_ids


class Context(CallbackContext[ExtBot[int], dict[Any, Any], dict[Any, Any], dict[str, Any]]):
    """A handler's context: the services, and the texts in the language of who asks."""

    texts: Texts = ENGLISH

    @classmethod
    def from_update(cls, update: object, application: Any) -> "Context":
        context = super().from_update(update, application)
        if isinstance(update, Update) and update.effective_user:
            context.texts = texts_for(update.effective_user.language_code)
        return context

    @property
    def services(self) -> Services:
        services = self.bot_data["services"]
        assert isinstance(services, Services)
        return services


Bot = Application[
    ExtBot[int],
    Context,
    dict[Any, Any],
    dict[Any, Any],
    dict[str, Any],
    None,
]

CONTEXT_TYPES: ContextTypes[Context, dict[Any, Any], dict[Any, Any], dict[str, Any]] = ContextTypes(
    context=Context
)
