"""What happens when people teach: the door between the chat and the recommenders' learning.

What people gave is in the database, with the features of the photos; the engine learns it from
there, at the start all of it and then photo by photo. Nothing else is kept, so whatever bundle or
backbone comes next knows it too, as far as there are features for it.
"""

import asyncio
import logging
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recommenders.engine import Engine
from storage import training_labels
from storage.database import Database
from storage.training_labels import LabelledPhoto

log = logging.getLogger(__name__)

Lesson = tuple[Mapping[str, NDArray[np.floating]], Sequence[str]]
"""Features (dims,) of a photo by backbone, and its hashtags."""


class Learner(Protocol):
    """Learns from the hashtags that people gave photos, once they are stored.

    Attributes:
        learnt_at: when recommendations last changed by learning (UTC, aware); answers given
            before then are not repeated. ``None``: never.
    """

    learnt_at: datetime | None

    async def learn(self, photo_id: int) -> None:
        """Take in what is now stored about this photo, so that the next answers know it."""
        ...

    async def relearn(self) -> None:
        """Labels of some photos were taken back or deleted: learn what is left, nothing else."""
        ...


class StoredOnly:
    """Leaves what people teach in the database, for a later fit."""

    learnt_at: datetime | None = None

    async def learn(self, photo_id: int) -> None:
        return None

    async def relearn(self) -> None:
        return None


class AtOnce:
    """Teaches the engine at work, and one that is to take its place.

    Args:
        engine: learns from ``start`` on.
        database: where labels and features are.
    """

    def __init__(self, engine: Engine, database: Database) -> None:
        self.learnt_at: datetime | None = None
        self._engine = engine
        self._database = database
        self._taught: set[Hashable] = set()
        # One lesson at a time: of two about one photo the later is the one that knows all.
        self._turn = asyncio.Lock()
        self._meanwhile: set[Hashable] | None = None

    async def start(self) -> int:
        """Teach the engine all that is stored; returns how many photos that are."""
        async with self._turn:
            lessons = await self._lessons(self._engine)
            await asyncio.to_thread(self._engine.learn, lessons)
            self._taught = set(lessons)
        async with self._database.reading() as session:
            self.learnt_at = await training_labels.changed_at(session)
        if lessons:
            log.info("Learnt %d photos that people tagged", len(lessons))
        await self._tell_what_is_missing(self._engine)
        return len(lessons)

    async def learn(self, photo_id: int) -> None:
        async with self._turn:
            lesson: dict[Hashable, Lesson] = {photo_id: await self._lesson(photo_id)}
            await asyncio.to_thread(self._engine.learn, lesson)
            self._taught.add(photo_id)
            if self._meanwhile is not None:
                self._meanwhile.add(photo_id)
            self.learnt_at = datetime.now(UTC)

    async def relearn(self) -> None:
        async with self._turn:
            lessons = await self._lessons(self._engine)
            gone: dict[Hashable, Lesson] = dict.fromkeys(self._taught - lessons.keys(), ({}, ()))
            await asyncio.to_thread(self._engine.learn, gone | lessons)
            if self._meanwhile is not None:
                self._meanwhile |= self._taught | lessons.keys()
            self._taught = set(lessons)
            self.learnt_at = datetime.now(UTC)

    async def change_to(self, engine: Engine) -> None:
        """Teach another engine all that is stored, and from then on that one.

        People go on teaching the old one meanwhile; what they teach is made up for at the end.
        """
        self._meanwhile = set()
        try:
            lessons = await self._lessons(engine)
            await asyncio.to_thread(engine.learn, lessons)
            async with self._turn:
                missed = {photo: await self._lesson(photo, engine) for photo in self._meanwhile}
                await asyncio.to_thread(engine.learn, missed)
                self._engine = engine
                self._taught = lessons.keys() | missed.keys()
                self.learnt_at = datetime.now(UTC)
        finally:
            self._meanwhile = None
        await self._tell_what_is_missing(engine)

    async def _lessons(self, engine: Engine) -> dict[Hashable, Lesson]:
        backbone = taught_backbone(engine)
        async with self._database.reading() as session:
            return {
                photo.photo_id: _lesson(backbone, photo)
                async for batch in training_labels.labelled(session, backbone)
                for photo in batch
            }

    async def _lesson(self, photo_id: Hashable, engine: Engine | None = None) -> Lesson:
        """What is stored about a photo; nothing, to be forgotten, where nothing is."""
        assert isinstance(photo_id, int)
        backbone = taught_backbone(engine or self._engine)
        async with self._database.reading() as session:
            batches = training_labels.labelled(session, backbone, after_photo=photo_id - 1, batch=1)
            async for (photo,) in batches:
                if photo.photo_id == photo_id:
                    return _lesson(backbone, photo)
                break
        return {}, ()

    async def _tell_what_is_missing(self, engine: Engine) -> None:
        backbone = taught_backbone(engine)
        async with self._database.reading() as session:
            missing = await training_labels.without_features(session, backbone)
        if missing:
            log.warning(
                "%d photos that people tagged were seen with another backbone than %s, and are "
                "known to it again once someone sends them again.",
                missing,
                backbone,
            )


def taught_backbone(engine: Engine) -> str:
    """Whose features the backend that learns at once needs."""
    return engine.backbones.get("als", engine.backbones[engine.backends[0]])[0]


def _lesson(backbone: str, photo: LabelledPhoto) -> Lesson:
    return {backbone: photo.features}, tuple(photo.hashtags)
