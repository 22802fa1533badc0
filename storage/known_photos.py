"""Photos by what is computed from them: hashes and features. Pictures are never stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from recommenders import copies
from storage.tables import Photo, PhotoFeatures, PhotoFile, now
from storage.upserts import insert_missing, insert_or_change

_PER_BAND = 4096
"""The most photos a band proposes, newest first: bands of skies and white walls are crowded."""


async def remember(
    session: AsyncSession,
    *,
    hashes: copies.Hashes,
    features: Mapping[str, NDArray[np.floating]],
    file_unique_id: str | None = None,
) -> int:
    """Store a photo and return its id.

    `hashes` as `duplicates.hashes` gives them; `features` maps names of backbones to
    vectors (d,), kept as float16. A file that is known already gives its photo's id, also when
    two chats send it at the same moment. Raises ValueError for features that are not a finite
    vector.
    """
    if file_unique_id is not None:
        known = await find_by_file(session, file_unique_id)
        if known is not None:
            return known
    photo = Photo(
        average_hash=copies.signed(hashes.average),
        perceptual_hash=copies.packed(hashes.perceptual),
        at=now(),
        **_bands(hashes),
    )
    session.add(photo)
    await session.flush()
    photo_id = photo.id
    if file_unique_id is not None:
        await add_file(session, photo_id, file_unique_id)
        first = await find_by_file(session, file_unique_id)
        if first is not None and first != photo_id:
            await session.execute(delete(Photo).where(Photo.id == photo_id))
            return first
    await add_features(session, photo_id, features)
    return photo_id


async def add_file(session: AsyncSession, photo_id: int, file_unique_id: str) -> None:
    """Note that this file, too, shows the photo. A file that is known keeps its photo."""
    row = {"file_unique_id": file_unique_id, "photo_id": photo_id}
    await insert_missing(session, PhotoFile, [row])


async def add_features(
    session: AsyncSession, photo_id: int, features: Mapping[str, NDArray[np.floating]]
) -> None:
    """Keep features of further backbones; those there under the same name are replaced."""
    rows = [
        {
            "photo_id": photo_id,
            "backbone": backbone,
            "dims": len(vector),
            "vector": _pack(backbone, vector),
        }
        for backbone, vector in features.items()
    ]
    await insert_or_change(
        session, PhotoFeatures, rows, keys=["photo_id", "backbone"], change=["dims", "vector"]
    )


async def find_by_file(session: AsyncSession, file_unique_id: str) -> int | None:
    """The photo that Telegram's `file_unique_id` is known to show."""
    return await session.scalar(
        select(PhotoFile.photo_id).where(PhotoFile.file_unique_id == file_unique_id)
    )


async def find_copy(
    session: AsyncSession,
    hashes: copies.Hashes,
    backbone: str,
    features: NDArray[np.floating],
) -> int | None:
    """The photo that this one is a copy of (re-encoded, resized), or None.

    Bands of the average hash propose; the perceptual hash and the cosine of `features` (d,) with
    those kept of `backbone` confirm. For a photo that has none of that backbone, seen before the
    bot changed to it, the hashes suffice. Of several copies the one whose perceptual hash is
    nearest is returned.
    """
    proposed = (await session.execute(_proposals(hashes))).all()
    # Newest first, which `nearest` keeps among equally near ones.
    proposed = sorted(proposed, key=lambda row: -row.id)
    average = np.array([row.average_hash for row in proposed], dtype=np.int64)
    near = [proposed[index].id for index in copies.nearest(hashes.average, average)]
    if not near:
        return None
    rows = (
        await session.execute(
            select(Photo.id, Photo.perceptual_hash).where(Photo.id.in_(near)).order_by(Photo.id)
        )
    ).all()
    perceptual = np.stack([np.frombuffer(row.perceptual_hash, np.uint8) for row in rows])
    different = copies.perceptual_distances(hashes.perceptual, perceptual)
    bits = {
        row.id: int(count)
        for row, count in zip(rows, different, strict=True)
        if count <= copies.MAX_PERCEPTUAL_DISTANCE
    }
    cosines = dict.fromkeys(bits, copies.MIN_COSINE)
    kept = await session.execute(
        select(PhotoFeatures.photo_id, PhotoFeatures.vector).where(
            PhotoFeatures.photo_id.in_(list(bits)),
            PhotoFeatures.backbone == backbone,
            PhotoFeatures.dims == len(features),
        )
    )
    for row in kept:
        cosines[row.photo_id] = float(copies.cosines(features, unpack(row.vector)[None])[0])
    alike = [photo for photo, cosine in cosines.items() if cosine >= copies.MIN_COSINE]
    return min(alike, key=lambda photo: (bits[photo], -cosines[photo]), default=None)


async def features(
    session: AsyncSession, photo_id: int, backbones: Iterable[str] | None = None
) -> dict[str, NDArray[np.float32]]:
    """The photo's features by backbone, each (d,) float32; only those of `backbones` if given."""
    query = select(PhotoFeatures.backbone, PhotoFeatures.vector).where(
        PhotoFeatures.photo_id == photo_id
    )
    if backbones is not None:
        query = query.where(PhotoFeatures.backbone.in_(list(backbones)))
    return {row.backbone: unpack(row.vector) for row in await session.execute(query)}


def _pack(backbone: str, vector: NDArray[np.floating]) -> bytes:
    """Little-endian float16; numbers too large for it are held at its largest."""
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise ValueError(f"the features of {backbone} are not one vector of finite numbers")
    largest = float(np.finfo(np.float16).max)
    packed: bytes = np.clip(vector, -largest, largest).astype("<f2").tobytes()
    return packed


def unpack(blob: bytes) -> NDArray[np.float32]:
    """Stored features as (d,) float32."""
    return np.frombuffer(blob, dtype="<f2").astype(np.float32)


def _bands(hashes: copies.Hashes) -> dict[str, int]:
    """The values of the columns that index the average hash."""
    return {f"band_{number}": band for number, band in enumerate(copies.bands(hashes.average))}


def _proposals(hashes: copies.Hashes) -> Select[int, int]:
    """Ids and average hashes of the photos that share the whole hash or one band of it."""
    wanted = {"average_hash": copies.signed(hashes.average), **_bands(hashes)}
    parts = []
    for column, value in wanted.items():
        part = (
            select(Photo.id, Photo.average_hash)
            .where(getattr(Photo, column) == value)
            .order_by(Photo.id.desc())
            .limit(_PER_BAND)
        )
        # A limit inside a UNION must stand in a subquery of its own on SQLite.
        proposed = part.subquery()
        parts.append(select(proposed.c.id, proposed.c.average_hash))
    together = union(*parts).subquery()
    return select(together.c.id, together.c.average_hash)
