"""Labels and features together, for the models to learn from without the pictures."""

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, CursorResult, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import moderation
from storage.known_photos import unpack
from storage.tables import Label, PhotoFeatures

_ACTIVE = Label.removed_at.is_(None)
_AT_A_TIME = 256


@dataclass(frozen=True)
class Lesson:
    """What people taught of a photo, and whom it is for.

    Attributes:
        features: (d,) float32.
        hashtags: everybody's under None; under each chat's number those that it sees beside them:
            of a private chat, which has its person's number, all that the person taught.
    """

    photo_id: int
    features: NDArray[np.float32]
    hashtags: Mapping[int | None, tuple[str, ...]]


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo and those of its hashtags that are everybody's.

    Attributes:
        features: (d,) float32.
        hashtags: how many people gave each.
        label_ids: of the labels behind them.
    """

    photo_id: int
    features: NDArray[np.float32]
    hashtags: Mapping[str, int]
    label_ids: tuple[int, ...]


async def lessons(
    session: AsyncSession, backbone: str, photo_ids: Collection[int] | None = None
) -> AsyncIterator[list[Lesson]]:
    """Photos with labels and features of a backbone, in batches, by rising id.

    Args:
        photo_ids: only these; all where None.
    """
    async for vectors in _labelled_vectors(session, backbone, photo_ids):
        everybodys = await _everybodys(session, vectors)
        hashtags: dict[int, dict[int | None, dict[str, None]]] = {one: {} for one in vectors}
        for row in await _labels(session, vectors):
            shared = (row.photo_id, row.key) in everybodys
            # A private chat has its person's number.
            for audience in (None,) if shared else {row.chat_id, row.user_id}:
                hashtags[row.photo_id].setdefault(audience, {})[row.hashtag] = None
        yield [
            Lesson(
                photo_id,
                unpack(vector),
                {audience: tuple(tags) for audience, tags in hashtags[photo_id].items()},
            )
            for photo_id, vector in vectors.items()
        ]


async def labelled(
    session: AsyncSession, backbone: str, *, unlearnt_only: bool = False
) -> AsyncIterator[list[LabelledPhoto]]:
    """Photos that have features of a backbone and hashtags that are everybody's and not blocked.

    Args:
        unlearnt_only: only photos with such a label not yet learnt, with all of them.

    Yields:
        Batches, by rising id.
    """
    blocklist = await moderation.in_force(session)
    unlearnt = (Label.learnt_in.is_(None),) if unlearnt_only else ()
    async for vectors in _labelled_vectors(session, backbone, None, *unlearnt):
        everybodys = await _everybodys(session, vectors)
        labels: dict[int, list[tuple[int, str]]] = {photo_id: [] for photo_id in vectors}
        new = set()
        for row in await _labels(session, vectors):
            if (row.photo_id, row.key) in everybodys and not blocklist.blocks(row.key):
                labels[row.photo_id].append((row.id, row.hashtag))
                if row.learnt_in is None:
                    new.add(row.photo_id)
        photos = [
            LabelledPhoto(
                photo_id,
                unpack(vector),
                Counter(hashtag for _, hashtag in labels[photo_id]),
                tuple(label_id for label_id, _ in labels[photo_id]),
            )
            for photo_id, vector in vectors.items()
            if labels[photo_id] and (photo_id in new or not unlearnt_only)
        ]
        if photos:
            yield photos


async def _labelled_vectors(
    session: AsyncSession,
    backbone: str,
    photo_ids: Collection[int] | None,
    *labels: ColumnElement[bool],
) -> AsyncIterator[dict[int, bytes]]:
    """Features of photos that have labels, in batches by rising id."""
    has_labels = exists().where(Label.photo_id == PhotoFeatures.photo_id, _ACTIVE, *labels)
    wanted = None if photo_ids is None else sorted(photo_ids)
    after = 0
    while wanted is None or wanted:
        query = (
            select(PhotoFeatures.photo_id, PhotoFeatures.vector)
            .where(PhotoFeatures.backbone == backbone, has_labels)
            .order_by(PhotoFeatures.photo_id)
        )
        if wanted is None:
            query = query.where(PhotoFeatures.photo_id > after).limit(_AT_A_TIME)
        else:
            some, wanted = wanted[:_AT_A_TIME], wanted[_AT_A_TIME:]
            query = query.where(PhotoFeatures.photo_id.in_(some))
        rows = {row.photo_id: row.vector for row in await session.execute(query)}
        if rows:
            after = max(rows)
            yield rows
        elif wanted is None:
            return


async def _everybodys(session: AsyncSession, photo_ids: Iterable[int]) -> set[tuple[int, str]]:
    return await moderation.shared(session, Label.photo_id.in_(list(photo_ids)))


async def _labels(session: AsyncSession, photo_ids: Iterable[int]) -> Iterable[Any]:
    return await session.execute(
        select(Label.id, Label.photo_id, Label.user_id, Label.chat_id)
        .add_columns(Label.hashtag, Label.key, Label.learnt_in)
        .where(Label.photo_id.in_(list(photo_ids)), _ACTIVE)
        .order_by(Label.id)
    )


async def unlearnt(session: AsyncSession) -> int:
    """How many labels no model has learnt yet."""
    query = select(func.count(Label.id)).where(_ACTIVE, Label.learnt_in.is_(None))
    return await session.scalar(query) or 0


async def without_features(session: AsyncSession, *backbones: str) -> int:
    """How many labelled photos have features of none of ``backbones``, to learn from."""
    known = exists().where(
        PhotoFeatures.photo_id == Label.photo_id, PhotoFeatures.backbone.in_(backbones)
    )
    query = select(func.count(Label.photo_id.distinct())).where(_ACTIVE, ~known)
    return await session.scalar(query) or 0


async def mark_learnt(session: AsyncSession, label_ids: Iterable[int], model: str) -> int:
    """Notes that a model learnt these labels; returns how many no model had learnt before."""
    ids = list(label_ids)
    marked = 0
    for start in range(0, len(ids), 500):
        result = await session.execute(
            update(Label)
            .where(Label.id.in_(ids[start : start + 500]), Label.learnt_in.is_(None))
            .values(learnt_in=model)
        )
        assert isinstance(result, CursorResult)
        marked += result.rowcount
    return marked


async def unmark_learnt(session: AsyncSession, model: str) -> int:
    """The model version was rolled back: its labels are to be learnt again; returns how many."""
    result = await session.execute(
        update(Label).where(Label.learnt_in == model).values(learnt_in=None)
    )
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
