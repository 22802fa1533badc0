"""What happens when people teach: the door between the chat and the recommenders' learning.

What people taught is in the database, with the features of the photos; the engine learns it from
there, at the start all of it and then photo by photo. Nothing else is stored, so whatever bundle or
backbone comes next knows it too, as far as there are features for it.
"""

import asyncio
import logging
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from recommenders.engine import Engine
from storage import training_labels
from storage.database import Database
from storage.training_labels import LabelledPhoto

log = logging.getLogger(__name__)

Lesson = tuple[Mapping[str, NDArray[np.floating]], Sequence[str]]
"""Features (dims,) of a photo by backbone, and its hashtags; without any the photo is forgotten."""


class Learner:
    """Teaches the engine at work, and one that is to take its place.

    Attributes:
        learnt_at: when recommendations last changed by learning (UTC, aware); answers from before
            then are not repeated. None: never.
    """

    def __init__(self, engine: Engine, database: Database) -> None:
        self.learnt_at: datetime | None = None
        self._engine = engine
        self._database = database
        self._taught: set[Hashable] = set()
        # One lesson at a time: of two about one photo the later is the one that knows all.
        self._lesson_lock = asyncio.Lock()
        self._taught_during_change: set[Hashable] | None = None

    async def start(self) -> int:
        """Teaches the engine all that is stored; returns how many photos that are."""
        async with self._lesson_lock:
            lessons = await self._lessons(self._engine)
            await asyncio.to_thread(self._engine.learn, lessons)
            self._taught = set(lessons)
        async with self._database.reading() as session:
            self.learnt_at = await training_labels.changed_at(session)
        if lessons:
            log.info("Learnt %d photos that people tagged", len(lessons))
        await self._warn_of_missing_features(self._engine)
        return len(lessons)

    async def learn(self, photo_id: int) -> None:
        """Takes in what is now stored about this photo, so that the next answers know it."""
        async with self._lesson_lock:
            lesson: dict[Hashable, Lesson] = {photo_id: await self._lesson(photo_id, self._engine)}
            await asyncio.to_thread(self._engine.learn, lesson)
            self._taught.add(photo_id)
            if self._taught_during_change is not None:
                self._taught_during_change.add(photo_id)
            self.learnt_at = datetime.now(UTC)

    async def relearn(self) -> None:
        """Labels of some photos were taken back or deleted: learns what is left, nothing else."""
        async with self._lesson_lock:
            lessons = await self._lessons(self._engine)
            forgotten: dict[Hashable, Lesson] = dict.fromkeys(
                self._taught - lessons.keys(), ({}, ())
            )
            await asyncio.to_thread(self._engine.learn, forgotten | lessons)
            if self._taught_during_change is not None:
                self._taught_during_change |= self._taught | lessons.keys()
            self._taught = set(lessons)
            self.learnt_at = datetime.now(UTC)

    async def change_to(self, engine: Engine) -> None:
        """Teaches another engine all that is stored, and from then on that one.

        People go on teaching the old one meanwhile; what they teach is made up for at the end.
        """
        self._taught_during_change = set()
        try:
            lessons = await self._lessons(engine)
            await asyncio.to_thread(engine.learn, lessons)
            async with self._lesson_lock:
                missed = {
                    photo_id: await self._lesson(photo_id, engine)
                    for photo_id in self._taught_during_change
                }
                await asyncio.to_thread(engine.learn, missed)
                self._engine = engine
                self._taught = lessons.keys() | missed.keys()
                self.learnt_at = datetime.now(UTC)
        finally:
            self._taught_during_change = None
        await self._warn_of_missing_features(engine)

    async def _lessons(self, engine: Engine) -> dict[Hashable, Lesson]:
        lessons: dict[Hashable, Lesson] = {}
        async with self._database.reading() as session:
            # The best features last: they take the place of those that would only be mapped.
            for backbone in reversed(engine.taught_backbones):
                async for batch in training_labels.labelled(session, backbone):
                    lessons |= {photo.photo_id: _lesson_of(backbone, photo) for photo in batch}
        return lessons

    async def _lesson(self, photo_id: Hashable, engine: Engine) -> Lesson:
        """What is stored about a photo; nothing, to be forgotten, where nothing is."""
        assert isinstance(photo_id, int)
        async with self._database.reading() as session:
            for backbone in engine.taught_backbones:
                photo = await training_labels.labelled_photo(session, backbone, photo_id)
                if photo is not None:
                    return _lesson_of(backbone, photo)
        return {}, ()

    async def _warn_of_missing_features(self, engine: Engine) -> None:
        backbones = engine.taught_backbones
        async with self._database.reading() as session:
            missing = await training_labels.without_features(session, *backbones)
        if missing:
            log.warning(
                "%d photos that people tagged were seen with another backbone than %s, and are "
                "known to it again once someone sends them again.",
                missing,
                backbones[0],
            )


def _lesson_of(backbone: str, photo: LabelledPhoto) -> Lesson:
    return {backbone: photo.features}, tuple(photo.hashtags)
