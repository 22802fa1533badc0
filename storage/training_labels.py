"""Labels and features together, for the models to learn from without the pictures."""

from collections import Counter
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
    """A photo that people labelled.

    Attributes:
        features: (d,) float32.
        hashtags: how many users gave each.
        label_ids: of the labels behind them.
    """

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
    batch: int = 256,
) -> AsyncIterator[list[LabelledPhoto]]:
    """Every labelled photo that has features of a backbone, in batches, by rising photo id.

    Args:
        unlearnt_only: only photos with a label not yet learnt, with all their labels.
        shared_only: without hashtags that not every chat may see (``storage.moderation``).
    """
    counts: tuple[ColumnElement[bool], ...] = (_ACTIVE,)
    blocklist = Blocklist(await blocked_words(session) if shared_only else ())
    if shared_only:
        hidden = exists().where(NewHashtag.hashtag == Label.hashtag, ~is_shared())
        counts = (*counts, ~hidden)
    unlearnt = (Label.learnt_in.is_(None),) if unlearnt_only else ()
    has_labels = exists().where(Label.photo_id == PhotoFeatures.photo_id, *counts, *unlearnt)
    after_photo = 0
    while vectors := await _vectors(
        session, backbone, has_labels, PhotoFeatures.photo_id > after_photo, limit=batch
    ):
        after_photo = max(vectors)
        photos = await _with_labels(session, vectors, counts, blocklist)
        if photos:
            yield photos


async def labelled_photo(
    session: AsyncSession, backbone: str, photo_id: int
) -> LabelledPhoto | None:
    """One photo with its labels; None where it has none, or no features of the backbone."""
    vectors = await _vectors(session, backbone, PhotoFeatures.photo_id == photo_id, limit=1)
    photos = await _with_labels(session, vectors, (_ACTIVE,), Blocklist(()))
    return photos[0] if photos else None


async def _vectors(
    session: AsyncSession, backbone: str, *where: ColumnElement[bool], limit: int
) -> dict[int, bytes]:
    rows = await session.execute(
        select(PhotoFeatures.photo_id, PhotoFeatures.vector)
        .where(PhotoFeatures.backbone == backbone, *where)
        .order_by(PhotoFeatures.photo_id)
        .limit(limit)
    )
    return {row.photo_id: row.vector for row in rows}


async def _with_labels(
    session: AsyncSession,
    vectors: Mapping[int, bytes],
    counts: tuple[ColumnElement[bool], ...],
    blocklist: Blocklist,
) -> list[LabelledPhoto]:
    """The photos that have labels which count and are not blocked."""
    labels: dict[int, list[tuple[int, str]]] = {photo_id: [] for photo_id in vectors}
    for row in await session.execute(
        select(Label.id, Label.photo_id, Label.hashtag)
        .where(Label.photo_id.in_(list(vectors)), *counts)
        .order_by(Label.id)
    ):
        if not blocklist.blocks(row.hashtag):
            labels[row.photo_id].append((row.id, row.hashtag))
    return [
        LabelledPhoto(
            photo_id,
            unpack(vector),
            Counter(hashtag for _, hashtag in labels[photo_id]),
            tuple(label_id for label_id, _ in labels[photo_id]),
        )
        for photo_id, vector in vectors.items()
        if labels[photo_id]
    ]


async def changed_at(session: AsyncSession) -> datetime | None:
    """When a label was last given or taken back; None where none ever was."""
    row = (await session.execute(select(func.max(Label.at), func.max(Label.removed_at)))).one()
    return max((at for at in row if at is not None), default=None)


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
