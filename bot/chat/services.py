"""What every handler works with, created once at the start."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from PIL import Image
from telegram import Message, Update
from telegram.ext import Application, CallbackContext, ContextTypes

from bot.chat.albums import Albums
from bot.chat.blocked import BlockedHashtags
from bot.chat.captions import CaptionCommands
from bot.chat.chat_locks import ChatLocks
from bot.chat.fair_places import DOCUMENT_PLACES, FairPlaces
from bot.chat.forgotten import Forgotten
from bot.chat.identity import language_of, person_of
from bot.chat.last_photo import LastPhotos
from bot.chat.learner import Learner
from bot.chat.outbox import Outbox
from bot.chat.questions import Questions
from bot.chat.rate_limits import SharedRateLimits
from bot.chat.replies import Keyboard, reply_to
from bot.chat.telegram_bot import TelegramBot
from bot.chat.texts import ENGLISH, Texts, texts_for
from bot.chat.typing_action import Typing
from bot.latest import Latest
from bot.metrics import Metrics
from bot.settings import Settings
from recommenders.batching import Batches
from recommenders.decoding_process import DecodingProcess
from recommenders.engine import Engine
from recommenders.machine import photos_at_once
from recommenders.photos import PhotoError, decode
from storage import changes, labels, supergroups
from storage.database import Database

log = logging.getLogger(__name__)

OTHERS_LEARN = timedelta(seconds=2)
"""The time until all replicas have learnt what one of them was taught."""

MANY_WAIT = 16
"""With so many people waiting for a place, typing is not shown any more."""

Result = TypeVar("Result")


@dataclass
class Services:
    """The bot's parts. The engine may be replaced at any time: read ``engine`` once per photo.

    Attributes:
        moderation_changed_at: when admins last changed what may be recommended.
        captions: the captions that have been handled.
        last_words: the message that each private chat was last answered by its words.
        edited_posts: the newest versions of channels' posts, by chat and message.
        photo_places: held while a photo is downloaded and computed, never while sending.
        document_places: the same for images sent as files, which are decoded one by one and may
            take long: no photo waits for them.
        outbox: sends the answers to updates.
        batches: computes features in the threads of ``worker``.
        worker: one thread for each photo that is computed at a time.
        decoding: decodes files as people made them.
        waits_for_decoding: its thread, so that they keep no photo from ``worker``.
    """

    settings: Settings
    database: Database
    learner: Learner
    moderation_changed_at: datetime | None = None
    albums: Albums = field(default_factory=Albums)
    last_photos: LastPhotos = field(default_factory=LastPhotos)
    questions: Questions = field(default_factory=Questions)
    chat_locks: ChatLocks = field(default_factory=ChatLocks)
    blocked: BlockedHashtags = field(default_factory=BlockedHashtags)
    forgotten: Forgotten = field(default_factory=Forgotten)
    typing: Typing = field(init=False)
    captions: CaptionCommands = field(default_factory=CaptionCommands)
    last_words: Latest[int, int] = field(default_factory=lambda: Latest(10_000))
    edited_posts: Latest[tuple[int, int], Message] = field(default_factory=lambda: Latest(1_000))
    metrics: Metrics = field(default_factory=Metrics)
    photo_places: FairPlaces = field(default_factory=FairPlaces)
    document_places: FairPlaces = field(default_factory=lambda: FairPlaces(DOCUMENT_PLACES, each=1))
    worker: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(photos_at_once(), thread_name_prefix="photos")
    )
    decoding: DecodingProcess = field(default_factory=DecodingProcess)
    waits_for_decoding: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="decoding")
    )
    outbox: Outbox = field(init=False)
    batches: Batches = field(init=False)
    rate_limits: SharedRateLimits = field(init=False)

    def __post_init__(self) -> None:
        self.rate_limits = SharedRateLimits(self.settings.updates_per_minute, self.database)
        self.typing = Typing(self._many_wait)
        self.batches = Batches(self.worker, photos_at_once())

    @property
    def all_places(self) -> tuple[FairPlaces, FairPlaces]:
        """Where photos wait, however they were sent."""
        return self.photo_places, self.document_places

    def _many_wait(self) -> bool:
        return sum(places.people_waiting for places in self.all_places) >= MANY_WAIT

    @property
    def engine(self) -> Engine:
        """The engine in use, which answers and is taught."""
        return self.learner.engine

    async def in_worker(self, work: Callable[[], Result]) -> Result:
        """Runs ``work`` in a thread of ``worker``."""
        return await asyncio.get_running_loop().run_in_executor(self.worker, work)

    async def decode(self, data: bytes, shorter_side: int, *, is_photo: bool) -> Image.Image:
        """Decodes a file.

        Args:
            is_photo: Telegram made it. Other files go to a process of their own, one by one.

        Raises:
            PhotoError: as ``recommenders.photos.decode``; ``unreadable`` where the process fails.
        """
        if is_photo:
            return await self.in_worker(partial(decode, data, shorter_side))
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self.waits_for_decoding, self.decoding.decode, data, shorter_side
            )
        except (OSError, RuntimeError) as error:  # an album's other files may be decoded
            log.error("A file cannot be decoded: %s", error)
            raise PhotoError("unreadable") from error

    def close(self) -> None:
        """Drops what waits to be computed."""
        self.worker.shutdown(wait=False, cancel_futures=True)
        self.waits_for_decoding.shutdown(wait=False, cancel_futures=True)
        self.decoding.close()

    @property
    def answers_valid_since(self) -> datetime | None:
        """When answers last became outdated; None: never. Earlier answers are not repeated."""
        moments = (self.moderation_changed_at, self.learner.learnt_at)
        since = max((moment for moment in moments if moment), default=None)
        # Other replicas learn a moment later, and may answer until then.
        return since + OTHERS_LEARN if since and self.database.is_shared else since

    def is_outdated(self, answered_at: datetime) -> bool:
        """Whether something was learnt or moderated after an answer.

        An answer from the future counts as outdated, since the clock was set back.
        """
        since = self.answers_valid_since
        return answered_at > datetime.now(UTC) or (since is not None and answered_at <= since)

    async def group_moved(self, group_id: int, supergroup_id: int) -> None:
        """Moves a group's settings, labels and answers to the supergroup that it became."""
        async with self.database.session() as session:
            await supergroups.move(session, group_id, supergroup_id)
            photo_ids = await labels.photos_in(session, supergroup_id)
            changes.note(session, "photos", photo_ids)
        if photo_ids:  # their audience is now the supergroup
            self.learner.learn_soon(photo_ids, [supergroup_id])

    def forget(self, user_id: int) -> None:
        """Forgets what is in memory of a user whose data are deleted from the database."""
        self.last_photos.forget(user_id)
        self.albums.forget(user_id)
        self.questions.close(user_id)  # a private chat has its user's id
        self.last_words.pop(user_id, None)

    def moderation_changed(self) -> None:
        self.moderation_changed_at = datetime.now(UTC)

    def is_admin(self, user_id: int | None) -> bool:
        return user_id in self.settings.admin_ids


class Context(CallbackContext[TelegramBot, dict[Any, Any], dict[Any, Any], dict[str, Any]]):
    """A handler's context: the services, and the texts in the user's language."""

    texts: Texts = ENGLISH
    language_code: str | None = None
    """The user's, from Telegram."""
    person: int | None = None
    """Who wrote or tapped, from ``person_of``."""
    forgotten_before = 0
    """``Forgotten.clock`` when the update came."""

    @classmethod
    def from_update(cls, update: object, application: Any) -> "Context":
        context = super().from_update(update, application)
        context.forgotten_before = context.services.forgotten.clock
        if isinstance(update, Update) and (update.callback_query or update.effective_message):
            context.person = person_of(update)
        if isinstance(update, Update):
            context.language_code = language_of(update.effective_user)
            context.texts = texts_for(context.language_code)
        return context

    def was_forgotten(self, person: int) -> bool:
        """Whether a person's data were deleted since the update came: nothing may be stored."""
        return self.services.forgotten.since(person, self.forgotten_before)

    async def reply(
        self,
        message: Message,
        text: str,
        keyboard: Keyboard | None = None,
        *,
        quote: bool | None = None,
        about: int | None = None,
        photo_ids: Sequence[int] = (),
        last: bool = True,
        stored: bool = True,
    ) -> None:
        """Answers a message with HTML; arguments as in ``reply_to`` and ``Outbox.reply``."""
        reply = reply_to(
            message,
            text,
            keyboard,
            person=self.person,
            quote=quote,
            about=about,
            photo_ids=photo_ids,
        )
        await self.services.outbox.reply(reply, last=last, stored=stored)

    @property
    def services(self) -> Services:
        services = self.bot_data["services"]
        assert isinstance(services, Services)
        return services


BotApplication = Application[
    TelegramBot,
    Context,
    dict[Any, Any],
    dict[Any, Any],
    dict[str, Any],
    None,
]

CONTEXT_TYPES: ContextTypes[Context, dict[Any, Any], dict[Any, Any], dict[str, Any]] = ContextTypes(
    context=Context
)
