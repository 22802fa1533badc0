"""Photos as hashes and features; pictures are never stored.

``recommenders.copies`` decides whether two photos are copies, by what is stored here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    delete,
    func,
    literal,
    literal_column,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from storage.tables import BANDS, CroppedPhoto, Photo, PhotoFeatures, PhotoFile, now
from storage.upserts import insert, insert_missing, insert_new, insert_or_change

_LOCKS = 0x7461673400000000
"""The number of the first lock; there is one for each value of each band."""

_PER_BAND = 4096
"""The most photos a band proposes, newest first: bands of skies and white walls are crowded."""


class Hashes(Protocol):
    """A photo's hashes as columns: see ``recommenders.copies.Hashes``."""

    @property
    def signed_average(self) -> int: ...
    @property
    def bands(self) -> tuple[int, ...]: ...
    @property
    def packed_perceptual(self) -> bytes: ...
    @property
    def colours(self) -> bytes | None: ...
    @property
    def cropped(self) -> "Hashes | None": ...


async def remember(
    session: AsyncSession,
    *,
    hashes: Hashes,
    features: Mapping[str, NDArray[np.floating]],
    file_unique_id: str | None = None,
) -> int:
    """Stores a photo and returns its id.

    If the file is known already, returns its photo's id, even when two chats send it at the same
    moment.

    Args:
        features: vectors (d,) by backbone; they are stored as float16.

    Raises:
        ValueError: for features that are not a vector of finite numbers.
    """
    photo_id = await insert(session, Photo, {"at": now(), **_columns(hashes)}, Photo.id)
    if file_unique_id is not None and not await add_file(session, photo_id, file_unique_id):
        await session.execute(delete(Photo).where(Photo.id == photo_id))
        first = await find_by_file(session, file_unique_id)
        assert first is not None
        return first
    await _add_cropped(session, photo_id, hashes)
    await add_features(session, photo_id, features)
    return photo_id


async def add_file(session: AsyncSession, photo_id: int, file_unique_id: str) -> bool:
    """Stores that this file, too, shows the photo; False if the file is known already."""
    row = {"file_unique_id": file_unique_id, "photo_id": photo_id}
    return bool(await insert_new(session, PhotoFile, [row], PhotoFile.photo_id))


async def add_hashes(session: AsyncSession, photo_id: int, hashes: Hashes) -> None:
    """Adds colours and the cropped view to a photo that was stored without them."""
    without = update(Photo).where(Photo.id == photo_id, Photo.colours.is_(None))
    await session.execute(without.values(colours=hashes.colours))
    await _add_cropped(session, photo_id, hashes)


async def one_at_a_time(session: AsyncSession, photos: Iterable[Hashes]) -> None:
    """Keeps others from storing photos that these may be copies of until the session ends.

    SQLite has one writer anyway. Copies share a band, so the bands' values are locked.
    """
    bands = {(band, value) for one in photos for band, value in enumerate(one.bands)}
    if bands and session.get_bind().dialect.name == "postgresql":
        # Always in the same order, so that two sessions cannot deadlock.
        numbers = sorted(_LOCKS + (band << 16) + value for band, value in bands)
        lock = func.unnest(literal(numbers, ARRAY(BigInteger))).column_valued("number")
        await session.execute(select(func.count(func.pg_advisory_xact_lock(lock))))


async def add_features(
    session: AsyncSession, photo_id: int, features: Mapping[str, NDArray[np.floating]]
) -> None:
    """Stores features of further backbones, replacing those of the same name."""
    rows = [
        {"photo_id": photo_id, "backbone": name, "dims": len(vector), "vector": _pack(name, vector)}
        for name, vector in features.items()
    ]
    await insert_or_change(
        session, PhotoFeatures, rows, keys=["photo_id", "backbone"], change=["dims", "vector"]
    )


async def find_by_file(session: AsyncSession, file_unique_id: str) -> int | None:
    """The photo of a file, by Telegram's ``file_unique_id``."""
    return await session.scalar(
        select(PhotoFile.photo_id).where(PhotoFile.file_unique_id == file_unique_id)
    )


async def sharing_a_band(
    session: AsyncSession, looked_up: Sequence[tuple[Hashes, bool]]
) -> list[dict[int, int]]:
    """Photos whose average hash is equal or shares a band, newest first: signed hashes by id.

    Args:
        looked_up: hashes, and whether they are compared with the photos' cropped views instead of
            with the whole photos.

    Returns:
        What each is compared with. One query finds all of them.
    """
    values = {
        f"{column}_{number}": value
        for number, (hashes, _) in enumerate(looked_up)
        for column, value in {
            "average_hash": hashes.signed_average,
            **_band_columns(hashes),
        }.items()
    }
    rows = (await session.execute(_proposing(*(c for _, c in looked_up)), values)).all()
    proposed: list[dict[int, int]] = [{} for _ in looked_up]
    for row in sorted(rows, key=lambda row: -row.id):
        proposed[row.number][row.id] = row.average_hash
    return proposed


@cache
def _proposing(*cropped: bool) -> Select[tuple[int, int, int]]:
    """The query of ``sharing_a_band``, cached: building it takes longer than running it."""
    parts = []
    for number, among_cropped in enumerate(cropped):
        table, photo_id = _views(among_cropped)
        for column in ("average_hash", *(f"band_{band}" for band in range(BANDS))):
            newest = (
                select(photo_id.label("id"), table.average_hash)
                .where(getattr(table, column) == bindparam(f"{column}_{number}"))
                .order_by(photo_id.desc())
                .limit(_PER_BAND)
                # A limit inside a UNION must stand in a subquery of its own on SQLite.
                .subquery()
            )
            which: ColumnElement[int] = literal_column(str(number), Integer)
            parts.append(select(which.label("number"), newest.c.id, newest.c.average_hash))
    together = union(*parts).subquery()
    return select(together.c.number, together.c.id, together.c.average_hash)


async def perceptual_hashes_and_colours(
    session: AsyncSession, photo_ids: Sequence[int], *, cropped: bool = False
) -> dict[int, tuple[bytes, bytes | None]]:
    """Packed perceptual hashes, and colours where they are known, by id, by rising id.

    Args:
        cropped: of the photos' cropped views instead of the whole photos.
    """
    table, photo_id = _views(cropped)
    rows = await session.execute(
        select(photo_id.label("id"), table.perceptual_hash, table.colours)
        .where(photo_id.in_(photo_ids))
        .order_by(photo_id)
    )
    return {row.id: (row.perceptual_hash, row.colours) for row in rows}


async def features(
    session: AsyncSession, photo_id: int, backbones: Iterable[str] | None = None
) -> dict[str, NDArray[np.float32]]:
    """A photo's features by backbone, (d,) float32 each; only those of ``backbones`` if given."""
    query = select(PhotoFeatures.backbone, PhotoFeatures.vector).where(
        PhotoFeatures.photo_id == photo_id
    )
    if backbones is not None:
        query = query.where(PhotoFeatures.backbone.in_(list(backbones)))
    return {row.backbone: unpack(row.vector) for row in await session.execute(query)}


async def complete_features(
    session: AsyncSession, photo_ids: Collection[int], backbones: Collection[str]
) -> dict[int, dict[str, NDArray[np.float32]]]:
    """Features as ``features``, of the photos that have them by all ``backbones``; by photo id."""
    rows = await session.execute(
        select(PhotoFeatures.photo_id, PhotoFeatures.backbone, PhotoFeatures.vector).where(
            PhotoFeatures.photo_id.in_(photo_ids), PhotoFeatures.backbone.in_(backbones)
        )
    )
    stored: dict[int, dict[str, NDArray[np.float32]]] = {one: {} for one in photo_ids}
    for row in rows:
        stored[row.photo_id][row.backbone] = unpack(row.vector)
    return {one: features for one, features in stored.items() if len(features) == len(backbones)}


async def backbones_of(session: AsyncSession, photo_id: int) -> set[str]:
    """The backbones by which a photo has features."""
    query = select(PhotoFeatures.backbone).where(PhotoFeatures.photo_id == photo_id)
    return set(await session.scalars(query))


async def features_of_several(
    session: AsyncSession, photo_ids: Sequence[int], backbone: str, dims: int
) -> dict[int, NDArray[np.float32]]:
    """Features (dims,) float32 of one backbone, of the photos that have them."""
    rows = await session.execute(
        select(PhotoFeatures.photo_id, PhotoFeatures.vector).where(
            PhotoFeatures.photo_id.in_(photo_ids),
            PhotoFeatures.backbone == backbone,
            PhotoFeatures.dims == dims,
        )
    )
    return {row.photo_id: unpack(row.vector) for row in rows}


def unpack(blob: bytes) -> NDArray[np.float32]:
    """Stored features as (d,) float32."""
    return np.frombuffer(blob, dtype="<f2").astype(np.float32)


def _pack(backbone: str, vector: NDArray[np.floating]) -> bytes:
    """As little-endian float16, clipped to its range."""
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise ValueError(f"the features of {backbone} are not one vector of finite numbers")
    largest = float(np.finfo(np.float16).max)
    packed: bytes = np.clip(vector, -largest, largest).astype("<f2").tobytes()
    return packed


async def _add_cropped(session: AsyncSession, photo_id: int, hashes: Hashes) -> None:
    if hashes.cropped is not None:
        row = {"photo_id": photo_id, **_columns(hashes.cropped)}
        await insert_missing(session, CroppedPhoto, [row])


def _views(
    cropped: bool,
) -> tuple[type[Photo] | type[CroppedPhoto], InstrumentedAttribute[int]]:
    """The table of the whole photos or of their cropped views, and its column of ids."""
    return (CroppedPhoto, CroppedPhoto.photo_id) if cropped else (Photo, Photo.id)


def _columns(hashes: Hashes) -> dict[str, Any]:
    return {
        "average_hash": hashes.signed_average,
        "perceptual_hash": hashes.packed_perceptual,
        "colours": hashes.colours,
        **_band_columns(hashes),
    }


def _band_columns(hashes: Hashes) -> dict[str, int]:
    return {f"band_{number}": band for number, band in enumerate(hashes.bands)}
