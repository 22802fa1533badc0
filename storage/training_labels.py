"""Labels with features, for the models to learn from without the pictures."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, CursorResult, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import moderation
from storage.known_photos import unpack
from storage.tables import IN_USE, Label, PhotoFeatures, now

FEWEST_PHOTOS = 8
"""The fewest labelled photos that a fine-tuning can learn from and check by."""

Reason = Literal[
    "next", "tried", "second_person", "approval", "no_features", "album", "rejected", "blocked"
]
"""Why a label is not learnt: it is for the next fine-tuning; the last version with it was rejected
or rolled back, so it waits for new ones; it waits for a second person, or for an admin; its photo
has no features of the backbone; or it is an album's, rejected or blocked, and is never learnt."""

_AT_A_TIME = 256


@dataclass(frozen=True)
class Lesson:
    """What people taught about a photo, and for whom.

    Attributes:
        features: (d,) float32.
        hashtags: everybody's under None; under each chat's number those that it sees besides: in a
            private chat, which has its person's number, all that the person taught.
    """

    photo_id: int
    features: NDArray[np.float32]
    hashtags: Mapping[int | None, tuple[str, ...]]


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo with its hashtags that are everybody's.

    Attributes:
        features: (d,) float32.
        hashtags: how many people gave each.
        label_ids: their labels.
        unlearnt: keys of those hashtags of which the versions asked for learnt no label.
    """

    photo_id: int
    features: NDArray[np.float32]
    hashtags: Mapping[str, int]
    label_ids: tuple[int, ...]
    unlearnt: frozenset[str]


@dataclass(frozen=True)
class Counts:
    """How far labels in use have been learnt.

    Attributes:
        labels: all of them.
        learnt: those that a version has learnt.
        waiting: the others by ``Reason``; reasons without any are left out.
        next_ids: of those for the next fine-tuning.
        photos: how many a fine-tuning would learn from, counted up to ``FEWEST_PHOTOS``.
    """

    labels: int
    learnt: int
    waiting: Mapping[str, int]
    next_ids: tuple[int, ...]
    photos: int


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
    session: AsyncSession, backbone: str, *, not_learnt_in: Collection[str] | None = None
) -> AsyncIterator[list[LabelledPhoto]]:
    """Photos that have features of a backbone and hashtags that are everybody's and not blocked.

    Args:
        not_learnt_in: only photos with such a label that none of these versions has learnt, then
            with all their labels.

    Yields:
        Batches, by rising id.
    """
    blocklist = await moderation.in_force(session)
    unlearnt = () if not_learnt_in is None else (_unlearnt(not_learnt_in),)
    async for vectors in _labelled_vectors(session, backbone, None, *unlearnt):
        everybodys = await _everybodys(session, vectors)
        labels: dict[int, list[tuple[int, str]]] = {photo_id: [] for photo_id in vectors}
        new, learnt = defaultdict[int, set[str]](set), defaultdict[int, set[str]](set)
        for row in await _labels(session, vectors):
            if (row.photo_id, row.key) in everybodys and not blocklist.blocks(row.key):
                labels[row.photo_id].append((row.id, row.hashtag))
                known = row.learnt_in in (not_learnt_in or ())
                (learnt if known else new)[row.photo_id].add(row.key)
        photos = [
            LabelledPhoto(
                photo_id,
                unpack(vector),
                Counter(hashtag for _, hashtag in labels[photo_id]),
                tuple(label_id for label_id, _ in labels[photo_id]),
                frozenset(new[photo_id] - learnt[photo_id]),
            )
            for photo_id, vector in vectors.items()
            if photo_id in new
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
    has_labels = exists().where(Label.photo_id == PhotoFeatures.photo_id, IN_USE, *labels)
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
        .where(Label.photo_id.in_(list(photo_ids)), IN_USE)
        .order_by(Label.id)
    )


async def count(session: AsyncSession, backbone: str, learnt_in: Collection[str]) -> Counts:
    """How many labels versions of a bundle have learnt, and what the others wait for.

    Args:
        backbone: whose features they are learnt with.
        learnt_in: the version in use and those that it was made from, whose labels it knows too.
    """
    total = await session.scalar(select(func.count(Label.id)).where(IN_USE)) or 0
    unlearnt = (IN_USE, _unlearnt(learnt_in))
    of_these = Label.photo_id.in_(select(Label.photo_id).where(*unlearnt))
    standings = await moderation.standings(session, of_these)
    blocklist = await moderation.in_force(session)
    query = select(Label.id, Label.photo_id, Label.key, Label.tried_at)
    query = query.add_columns(_has_features(backbone).label("has_features")).where(*unlearnt)
    waiting, next_ids, photos = Counter[str](), list[int](), set[int]()
    blocked: dict[str, bool] = {}
    for row in await session.execute(query.order_by(Label.id)):
        if row.key not in blocked:
            blocked[row.key] = blocklist.blocks(row.key)
        reason: Reason
        standing = standings.get((row.photo_id, row.key))
        if blocked[row.key]:
            reason = "blocked"
        elif standing is None:
            reason = "album"
        elif standing != "everybodys":
            reason = standing
        elif not row.has_features:
            reason = "no_features"
        else:
            reason = "tried" if row.tried_at else "next"
            photos.add(row.photo_id)
        waiting[reason] += 1
        if reason == "next":
            next_ids.append(row.id)
    learnt = select(Label.photo_id).where(IN_USE, ~_unlearnt(learnt_in), _has_features(backbone))
    photos.update(await session.scalars(learnt.distinct().limit(FEWEST_PHOTOS)))
    return Counts(
        total,
        total - waiting.total(),
        waiting,
        tuple(next_ids),
        min(len(photos), FEWEST_PHOTOS),
    )


async def untried(session: AsyncSession, learnt_in: Collection[str], *, at_most: int) -> int:
    """How many labels no fine-tuning has learnt from, whatever they wait for.

    Quick, however many there are: it counts no further than ``at_most``.
    """
    others = [one for one in await _versions(session) if one not in learnt_in]
    total = 0
    for model in (None, *others):
        query = select(Label.id).where(
            Label.learnt_in.is_(model) if model is None else Label.learnt_in == model,
            Label.tried_at.is_(None),
            IN_USE,
        )
        some = query.limit(at_most - total).subquery()
        total += await session.scalar(select(func.count()).select_from(some)) or 0
        if total >= at_most:
            break
    return total


async def _versions(session: AsyncSession) -> list[str]:
    """The versions that learnt labels, by a loose index scan: each is looked up after the last."""
    first = select(func.min(Label.learnt_in).label("model")).cte("versions", recursive=True)
    following = select(func.min(Label.learnt_in)).where(Label.learnt_in > first.c.model)
    step = select(following.scalar_subquery()).where(first.c.model.is_not(None))
    versions = first.union_all(step)
    return list(
        await session.scalars(select(versions.c.model).where(versions.c.model.is_not(None)))
    )


def _unlearnt(learnt_in: Collection[str]) -> ColumnElement[bool]:
    return or_(Label.learnt_in.is_(None), Label.learnt_in.not_in(list(learnt_in)))


def _has_features(*backbones: str) -> ColumnElement[bool]:
    return exists().where(
        PhotoFeatures.photo_id == Label.photo_id, PhotoFeatures.backbone.in_(backbones)
    )


async def without_features(session: AsyncSession, *backbones: str) -> int:
    """How many labelled photos have features of none of ``backbones``."""
    query = select(func.count(Label.photo_id.distinct())).where(IN_USE, ~_has_features(*backbones))
    return await session.scalar(query) or 0


async def mark_learnt(
    session: AsyncSession, label_ids: Iterable[int], model: str, earlier: Collection[str] = ()
) -> int:
    """Marks labels as learnt by a version; returns how many are new to it.

    Args:
        earlier: the versions that it was made from; what they had learnt stays marked as theirs.
    """
    learnt = {"learnt_in": model, "tried_at": None}
    return await _change(session, label_ids, learnt, _unlearnt([*earlier, model]))


async def mark_tried(session: AsyncSession, label_ids: Iterable[int]) -> int:
    """Marks labels that a fine-tuning learnt from in vain; returns how many were new to it.

    By themselves they do not cause another one.
    """
    return await _change(session, label_ids, {"tried_at": now()}, Label.tried_at.is_(None))


async def _change(
    session: AsyncSession,
    label_ids: Iterable[int],
    values: Mapping[str, Any],
    where: ColumnElement[bool],
) -> int:
    ids = list(label_ids)
    changed = 0
    for start in range(0, len(ids), 500):
        some = Label.id.in_(ids[start : start + 500])
        result = await session.execute(update(Label).where(some, where).values(values))
        assert isinstance(result, CursorResult)
        changed += result.rowcount
    return changed


async def unmark_learnt(session: AsyncSession, model: str) -> int:
    """Marks the labels of a rolled-back version as to be learnt again; returns how many.

    They count as tried: else the version that was rolled back would be made again at once.
    """
    values = {"learnt_in": None, "tried_at": now()}
    result = await session.execute(update(Label).where(Label.learnt_in == model).values(values))
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
