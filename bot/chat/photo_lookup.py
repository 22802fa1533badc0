"""From a message's photo to its features: known file? download, decode, features, known copy?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.chat.photo_files import Incoming, UnreadableError
from bot.chat.services import Services
from recommenders import copies
from recommenders.copies import Hashes
from recommenders.engine import Engine
from recommenders.photos import PhotoError, decode
from storage import known_photos, sightings

Features = Mapping[str, NDArray[np.float32]]
"""Of one photo: a vector (dims,) for each backbone."""


@dataclass(frozen=True)
class Look:
    """A photo after a look at it."""

    photo: Incoming
    features: Features
    hashes: Hashes | None
    """``None`` for a known file, which is neither downloaded nor decoded again."""
    photo_id: int | None
    """Of this photo, or of the one that it is a copy of; ``None`` for a new one."""


def backbones_of(engine: Engine) -> list[str]:
    """Every backbone whose features are kept: with them no button needs the picture again."""
    needed = [name for backend in engine.backends for name in engine.backbones[backend]]
    return list(dict.fromkeys([engine.confirm_backbone, *needed]))


async def look(services: Services, engine: Engine, photo: Incoming) -> Look:
    """The photo's features, and whether it is known already.

    Raises:
        UnreadableError: when there is no photo to be had.
    """
    backbones = backbones_of(engine)
    async with services.database.reading() as session:
        known = await known_photos.find_by_file(session, photo.file_unique_id)
        if known is not None:
            stored = await known_photos.features(session, known, backbones)
            if len(stored) == len(backbones):
                return Look(photo, stored, None, known)

    data = await photo.download()
    try:
        hashes, features = await services.in_worker(lambda: _see(engine, data, backbones))
    except PhotoError as error:
        raise UnreadableError(error.reason) from error
    async with services.database.reading() as session:
        if known is None:
            known = await known_photos.find_copy(
                session, hashes, engine.confirm_backbone, features[engine.confirm_backbone]
            )
        if known is not None:
            # A copy is the photo: what people taught that one is recommended for this.
            features |= await known_photos.features(session, known, backbones)
    return Look(photo, features, hashes, known)


async def look_at_all(
    services: Services, engine: Engine, album: Iterable[Incoming]
) -> tuple[list[Look], list[str]]:
    """A look at each photo that can be read, and why the others cannot."""
    looks, unread = [], []
    for photo in album:
        try:
            looks.append(await look(services, engine, photo))
        except UnreadableError as error:
            unread.append(error.reason)
    return looks, unread


async def remember(services: Services, looks: Sequence[Look]) -> list[int]:
    """Store what is computed of the photos (never the pictures) and who showed them; their ids."""
    ids = []
    async with services.database.session() as session:
        for seen in looks:
            message = seen.photo.message
            photo_id = seen.photo_id
            if photo_id is None:
                assert seen.hashes is not None
                photo_id = await known_photos.remember(
                    session,
                    hashes=seen.hashes,
                    features=seen.features,
                    file_unique_id=seen.photo.file_unique_id,
                )
            elif seen.hashes is not None:
                await known_photos.add_file(session, photo_id, seen.photo.file_unique_id)
                stored = await known_photos.features(session, photo_id)
                missing = {n: v for n, v in seen.features.items() if n not in stored}
                await known_photos.add_features(session, photo_id, missing)
            await sightings.seen(
                session,
                chat_id=message.chat_id,
                message_id=message.message_id,
                photo_id=photo_id,
                user_id=message.from_user.id if message.from_user else None,
                media_group=message.media_group_id,
            )
            ids.append(photo_id)
    return ids


def _see(
    engine: Engine, data: bytes, backbones: Sequence[str]
) -> tuple[Hashes, dict[str, NDArray[np.float32]]]:
    image = decode(data)
    features = engine.features([image], backbones)
    return copies.hashes(image), {name: rows[0] for name, rows in features.items()}
