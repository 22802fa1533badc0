"""Teaches the engine what people taught: all of it at the start, then each photo that changes.

Labels and features are stored only in the database, so another bundle or backbone can be taught the
same, as far as its features are stored.
"""

import asyncio
import logging
from collections.abc import Collection, Hashable, Iterable
from datetime import UTC, datetime

from recommenders.engine import Engine, Lesson
from storage import changes, training_labels
from storage.database import Database
from storage.errors import StorageError

log = logging.getLogger(__name__)

_AT_A_TIME = 1024
"""Photos learnt at a time, to limit memory."""

AGAIN_AFTER = 5.0
"""Seconds until photos whose labels could not be read are learnt again."""

_FORGOTTEN: Lesson = ({}, {})


class Learner:
    """Teaches the engine in use, and the one that replaces it.

    Attributes:
        engine: the engine in use, which answers and is taught.
        learnt_at: when learning last changed recommendations (UTC, aware; None: never); earlier
            answers are not repeated.
        knows_until: the last change (``storage.changes``) included in what it learnt at the start.
    """

    def __init__(self, engine: Engine, database: Database) -> None:
        self.learnt_at: datetime | None = None
        self.engine = engine
        self.knows_until = 0
        self._database = database
        # One lesson at a time: of two about one photo, the later one must win.
        self._lesson_lock = asyncio.Lock()
        self._changed_meanwhile: set[int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_of_chat: dict[int, asyncio.Task[None]] = {}

    async def start(self) -> int:
        """Teaches the engine all that is stored and nothing else; returns the number of photos.

        Also for a replica that was away for so long that it cannot know what has changed.
        """
        async with self._database.reading() as session:
            self.knows_until = await changes.newest(session)
        async with self._lesson_lock:
            lessons = await self._lessons(self.engine)
            gone = dict.fromkeys(self.engine.taught_photos() - lessons.keys(), _FORGOTTEN)
            all_of_them = gone | lessons
            if self._changed_meanwhile is not None:
                self._changed_meanwhile.update(n for n in all_of_them if isinstance(n, int))
            await asyncio.to_thread(self.engine.learn, all_of_them)
        # Nobody knows when labels were last deleted, so no earlier answer is repeated.
        self.learnt_at = datetime.now(UTC)
        if lessons:
            log.info("Learnt from tagged photos: %d", len(lessons))
        await self._warn_of_missing_features(self.engine)
        return len(lessons)

    def learn_soon(self, photo_ids: Iterable[int], chats: Iterable[int] = ()) -> None:
        """Learns photos whose labels have changed, in the background.

        Where the labels cannot be read they are learnt a moment later, for which no chat waits.

        Args:
            chats: chats whose next answer must wait for it; see ``caught_up``.
        """
        task = asyncio.create_task(self._learn(sorted(set(photo_ids))))
        self._tasks.add(task)
        chats = set(chats)
        for chat_id in chats:
            self._last_of_chat[chat_id] = task

        def done(_: object) -> None:
            self._tasks.discard(task)
            for chat_id in chats:
                if self._last_of_chat.get(chat_id) is task:
                    del self._last_of_chat[chat_id]

        task.add_done_callback(done)

    async def caught_up(self, chat_id: int) -> None:
        """Waits until what a chat has taught is learnt."""
        # Lessons run one after another, so the last one ends last.
        if (task := self._last_of_chat.get(chat_id)) is not None:
            await asyncio.wait({task})

    async def finished(self) -> None:
        """Waits until nothing is being learnt."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def change_to(self, engine: Engine) -> None:
        """Teaches another engine all that is stored, then puts it in use.

        What people teach meanwhile is learnt at the end.

        Raises:
            StorageError: where the labels cannot be read; the old engine stays in use.
        """
        self._changed_meanwhile = set()
        try:
            lessons = await self._lessons(engine)
            await asyncio.to_thread(engine.learn, lessons)
            async with self._lesson_lock:
                missed = self._changed_meanwhile
                await asyncio.to_thread(engine.learn, await self._lessons(engine, missed))
                self.engine = engine
                self.learnt_at = datetime.now(UTC)
        finally:
            self._changed_meanwhile = None
        await self._warn_of_missing_features(engine)

    async def learn(self, photo_ids: Collection[int]) -> None:
        """Learns photos whose labels have changed.

        Raises:
            StorageError: where the labels cannot be read.
        """
        photo_ids = sorted(set(photo_ids))
        async with self._lesson_lock:
            if self._changed_meanwhile is not None:
                self._changed_meanwhile.update(photo_ids)
            try:
                for start in range(0, len(photo_ids), _AT_A_TIME):
                    some = photo_ids[start : start + _AT_A_TIME]
                    lessons = await self._lessons(self.engine, some)
                    await asyncio.to_thread(self.engine.learn, lessons)
            finally:
                self.learnt_at = datetime.now(UTC)

    async def _learn(self, photo_ids: Collection[int]) -> None:
        try:
            await self.learn(photo_ids)
        except StorageError as error:
            log.warning("%d photos were labelled but are not learnt yet: %s", len(photo_ids), error)
            if not self._database.is_shared:  # else they are read again as a change
                loop = asyncio.get_running_loop()
                loop.call_later(AGAIN_AFTER, self.learn_soon, photo_ids)
        except Exception:
            log.exception("Photos labelled but not learnt: %d", len(photo_ids))

    async def _lessons(
        self, engine: Engine, photo_ids: Collection[int] | None = None
    ) -> dict[Hashable, Lesson]:
        """The lessons of photos, by default of all; an empty one if a photo's labels are gone."""
        lessons: dict[Hashable, Lesson] = dict.fromkeys(photo_ids or (), _FORGOTTEN)
        async with self._database.reading() as session:
            # The best backbone last: it replaces features that would have to be mapped.
            for backbone in reversed(engine.taught_backbones):
                async for batch in training_labels.lessons(session, backbone, photo_ids):
                    for photo in batch:
                        lessons[photo.photo_id] = {backbone: photo.features}, photo.hashtags
        return lessons

    async def _warn_of_missing_features(self, engine: Engine) -> None:
        backbones = engine.taught_backbones
        try:
            async with self._database.reading() as session:
                missing = await training_labels.without_features(session, *backbones)
        except StorageError as error:
            log.warning("Photos without features were not counted. %s", error)
            return
        if missing:
            log.warning(
                "Tagged photos seen with another backbone than %s: %d. Each is known to it again "
                "once someone sends it again.",
                backbones[0],
                missing,
            )
