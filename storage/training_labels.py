"""Labels and features together, for the models to learn from without the pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, CursorResult, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage.known_photos import unpack
from storage.moderation import Blocklist, blocked_words, is_shared
from storage.tables import Label, NewHashtag, PhotoFeatures

_ACTIVE = Label.removed_at.is_(None)


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo's features (d,) float32 and its hashtags: how many users gave each."""

    photo_id: int
    features: NDArray[np.float32]
    hashtags: Mapping[str, int]
    label_ids: tuple[int, ...]


async def labelled(
    session: AsyncSession,
    backbone: str,
    *,
    unlearnt_only: bool = False,
    shared_only: bool = False,
    after_photo: int = 0,
    batch: int = 256,
) -> AsyncIterator[list[LabelledPhoto]]:
    """Every labelled photo that has features of `backbone`, in batches, by rising photo id.

    `unlearnt_only`: only photos with a label not yet learnt, with all their labels;
    `shared_only`: without hashtags that not every chat may see (`storage.moderation`);
    `after_photo`: go on after this photo id. Labels taken back are left out.
    """
    said: tuple[ColumnElement[bool], ...] = (_ACTIVE,)
    blocklist = Blocklist(await blocked_words(session) if shared_only else ())
    if shared_only:
        hidden = exists().where(NewHashtag.hashtag == Label.hashtag, ~is_shared())
        said = (*said, ~hidden)
    has_labels = exists().where(Label.photo_id == PhotoFeatures.photo_id, *said)
    if unlearnt_only:
        has_labels = exists().where(
            Label.photo_id == PhotoFeatures.photo_id, *said, Label.learnt_in.is_(None)
        )
    while True:
        vectors = {
            row.photo_id: row.vector
            for row in await session.execute(
                select(PhotoFeatures.photo_id, PhotoFeatures.vector)
                .where(
                    PhotoFeatures.backbone == backbone,
                    PhotoFeatures.photo_id > after_photo,
                    has_labels,
                )
                .order_by(PhotoFeatures.photo_id)
                .limit(batch)
            )
        }
        if not vectors:
            return
        after_photo = max(vectors)
        given: dict[int, list[tuple[int, str]]] = {photo_id: [] for photo_id in vectors}
        for row in await session.execute(
            select(Label.id, Label.photo_id, Label.hashtag)
            .where(Label.photo_id.in_(list(vectors)), *said)
            .order_by(Label.id)
        ):
            if not blocklist.blocks(row.hashtag):
                given[row.photo_id].append((row.id, row.hashtag))
        photos = [
            _labelled(photo_id, blob, given[photo_id])
            for photo_id, blob in vectors.items()
            if given[photo_id]
        ]
        if photos:
            yield photos


def _labelled(photo_id: int, blob: bytes, given: list[tuple[int, str]]) -> LabelledPhoto:
    hashtags: dict[str, int] = {}
    for _, hashtag in given:
        hashtags[hashtag] = hashtags.get(hashtag, 0) + 1
    return LabelledPhoto(photo_id, unpack(blob), hashtags, tuple(number for number, _ in given))


async def changed_at(session: AsyncSession) -> datetime | None:
    """When a label was last given or taken back; None where none ever was."""
    row = (await session.execute(select(func.max(Label.at), func.max(Label.removed_at)))).one()
    return max((at for at in row if at is not None), default=None)


async def unlearnt(session: AsyncSession) -> int:
    """How many labels no model has learnt yet."""
    query = select(func.count(Label.id)).where(_ACTIVE, Label.learnt_in.is_(None))
    return await session.scalar(query) or 0


async def without_features(session: AsyncSession, backbone: str) -> int:
    """How many labelled photos have no features of `backbone`, so it cannot learn from them."""
    known = exists().where(
        PhotoFeatures.photo_id == Label.photo_id, PhotoFeatures.backbone == backbone
    )
    query = select(func.count(Label.photo_id.distinct())).where(_ACTIVE, ~known)
    return await session.scalar(query) or 0


async def mark_learnt(session: AsyncSession, label_ids: Iterable[int], model: str) -> int:
    """Note that the model version learnt these labels; returns how many were new to any."""
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
