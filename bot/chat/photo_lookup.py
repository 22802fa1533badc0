"""Gets a photo's features and hashes: from the database if it is known, else computed.

Images are never stored: a photo is recognised by Telegram's id of its file, or by its hashes and
features as a copy of another.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Document, ExternalReplyInfo, File, Message, PhotoSize
from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError, TimedOut

from bot.chat.fair_places import FairPlaces
from bot.chat.identity import sender_of
from bot.chat.last_photo import topic_of
from bot.chat.request_log import timed
from bot.chat.services import Services
from bot.chat.telegram_requests import TooLargeError
from recommenders import copies
from recommenders.arrays import Floats
from recommenders.batching import Features
from recommenders.copies import Hashes
from recommenders.engine import Engine
from recommenders.photos import MAX_BYTES, SUFFIXES, PhotoError
from storage import changes, known_photos, sightings

_PAUSES = (0.5, 1.0)
"""Seconds before a file that did not come is fetched again."""

_ALBUM_PHOTOS_AT_ONCE = 4
"""Photos of one album that are downloaded and computed at a time."""


class UnreadablePhotoError(Exception):
    """A message's photo cannot be read; ``reason`` is a key of ``Texts.wrong_file``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class IncomingPhoto:
    """An image sent as a photo or as a file.

    ``message`` contains it, or replies to it if it is in another chat.
    """

    message: Message
    file: PhotoSize | Document

    async def download(self) -> bytes:
        """The file's bytes.

        Raises:
            UnreadablePhotoError: ``too_large``, ``deleted`` or ``slow``.
        """
        if (self.file.file_size or 0) > MAX_BYTES:
            raise UnreadablePhotoError("too_large")
        try:
            return await _content_of(await self.file.get_file())
        except BadRequest as error:
            reason = "too_large" if "too big" in error.message.lower() else "deleted"
            raise UnreadablePhotoError(reason) from error
        except InvalidToken as error:  # what the library makes of a 404 for the file
            raise UnreadablePhotoError("deleted") from error
        except TelegramError as error:
            too_large = isinstance(error.__cause__, TooLargeError)
            raise UnreadablePhotoError("too_large" if too_large else "slow") from error


async def _content_of(file: File) -> bytes:
    """The file's bytes, fetched again where Telegram fails at once.

    Raises:
        TelegramError: the last failure; at once where it took long or a retry is useless.
    """
    for pause in _PAUSES:
        try:
            return bytes(await file.download_as_bytearray())
        except NetworkError as error:
            is_final = isinstance(error, BadRequest | TimedOut)
            if is_final or isinstance(error.__cause__, TooLargeError):
                raise
        await asyncio.sleep(pause)
    return bytes(await file.download_as_bytearray())


@dataclass(frozen=True)
class ComputedPhoto:
    """A photo and what was computed from it.

    Attributes:
        hashes: None for a known file, which is neither downloaded nor decoded again.
        photo_id: None until it is stored.
        known: this photo, or one that it is a copy of, was sent before.
        renewed: it just got features that it lacked, so what people taught it can be learnt.
    """

    incoming: IncomingPhoto
    features: Features
    hashes: Hashes | None = None
    photo_id: int | None = None
    known: bool = False
    renewed: bool = False


def photo_in(message: Message, min_side: int) -> IncomingPhoto | None:
    """The photo in a message, in the size to download; None if there is none.

    If a message without a photo replies to a message of another chat, it is that one's photo.
    """
    content = _content(message)
    if content.photo:
        return IncomingPhoto(message, _smallest_sufficient(content.photo, min_side))
    # An animation also has a document, for clients without animations.
    if content.document and not content.animation and _is_image(content.document):
        return IncomingPhoto(message, content.document)
    return None


def photos_in(messages: Iterable[Message], engine: Engine) -> list[IncomingPhoto]:
    """The photos in messages, as ``photo_in``."""
    return [photo for one in messages if (photo := photo_in(one, engine.min_side)) is not None]


def _smallest_sufficient(sizes: Sequence[PhotoSize], min_side: int) -> PhotoSize:
    """The smallest size whose shorter side has ``min_side`` pixels; the largest if none has."""
    by_area = sorted(sizes, key=lambda size: size.width * size.height)
    return next((size for size in by_area if min(size.width, size.height) >= min_side), by_area[-1])


def kind_of(message: Message) -> str:
    """What a message has instead of a photo: a key of ``Texts.wrong_file``."""
    content = _content(message)
    if content.animation:
        return "animation"
    if content.video or content.video_note:
        return "video"
    if content.sticker:
        return "sticker"
    if content.voice or content.audio:
        return "sound"
    return "document" if content.document else "other"


async def as_stored(
    session: AsyncSession, engine: Engine, album: Iterable[IncomingPhoto], ids: Mapping[str, int]
) -> list[ComputedPhoto]:
    """An album's photos with the features that are stored: none for an unknown file.

    Args:
        ids: photo ids by ``file_unique_id``.
    """
    photos = []
    for incoming in album:
        photo = ComputedPhoto(incoming, {})
        photo_id = ids.get(incoming.file.file_unique_id)
        if photo_id is not None:
            features = await known_photos.features(session, photo_id, engine.all_backbones)
            photo = ComputedPhoto(incoming, features, photo_id=photo_id, known=True)
        photos.append(photo)
    return photos


async def is_known(
    session: AsyncSession, engine: Engine, photo: IncomingPhoto, photo_ids: Collection[int]
) -> bool:
    """Whether the photo is one of these that are stored, with the features of all backbones."""
    photo_id = await known_photos.find_by_file(session, photo.file.file_unique_id)
    if photo_id is None or photo_id not in photo_ids:
        return False
    return await known_photos.backbones_of(session, photo_id) >= set(engine.all_backbones)


def stacked(photos: Sequence[Features], backbones: Iterable[str]) -> dict[str, Floats]:
    """The features of several photos, (n, dims) by backbone."""
    return {name: np.stack([features[name] for features in photos]) for name in backbones}


def unique_ids(album: Iterable[IncomingPhoto]) -> set[str]:
    """The ``file_unique_id`` of each photo."""
    return {photo.file.file_unique_id for photo in album}


def places_for(services: Services, album: Iterable[IncomingPhoto]) -> FairPlaces:
    """Where an album waits for its turn to be computed."""
    if any(isinstance(photo.file, Document) for photo in album):
        return services.document_places
    return services.photo_places


async def compute(
    services: Services, engine: Engine, album: Iterable[ComputedPhoto]
) -> tuple[list[ComputedPhoto], list[str]]:
    """The photos that can be read, with features of all backbones, and why the others cannot.

    Photos that have all of them are not downloaded. Once all are stored, no button needs the image
    again. What cannot be read is nobody's last photo, unless another try may help.
    """
    turns = asyncio.Semaphore(_ALBUM_PHOTOS_AT_ONCE)

    async def computed(photo: ComputedPhoto) -> ComputedPhoto | str:
        if photo.features.keys() >= set(engine.all_backbones):
            return photo
        try:
            async with turns:
                return await _computed(services, engine, photo)
        except (UnreadablePhotoError, PhotoError) as error:
            if error.reason != "slow":
                services.last_photos.leave_out(photo.incoming.message)
            return error.reason

    results = await asyncio.gather(*map(computed, album), return_exceptions=True)
    photos, unreadable = [], []
    for result in results:
        if isinstance(result, BaseException):
            raise result
        if isinstance(result, str):
            unreadable.append(result)
        else:
            photos.append(result)
    return photos, unreadable


async def _computed(services: Services, engine: Engine, photo: ComputedPhoto) -> ComputedPhoto:
    async with places_for(services, [photo.incoming]).files:
        with timed("download"):
            data = await photo.incoming.download()
        with timed("decode"):
            is_photo = isinstance(photo.incoming.file, PhotoSize)
            image = await services.decode(data, engine.working_side, is_photo=is_photo)
        del data
    with timed("features"):
        features, hashes = await asyncio.gather(
            services.batches.features(engine, image, engine.all_backbones),
            services.in_worker(partial(copies.hashes, image)),
        )
    return replace(photo, hashes=hashes, features={**features, **photo.features})


async def remember(
    session: AsyncSession, engine: Engine, photos: Iterable[ComputedPhoto]
) -> list[ComputedPhoto]:
    """Stores photos and who sent them.

    Returns:
        The photos with their ids. A copy gets its original's id and features, and so the hashtags
        that people taught for the original.
    """
    photos, remembered = list(photos), []
    new = [photo.hashes for photo in photos if photo.hashes and photo.photo_id is None]
    await known_photos.one_at_a_time(session, new)
    for photo in photos:
        stored = await _store(session, engine, photo)
        assert stored.photo_id is not None
        message = photo.incoming.message
        await sightings.seen(
            session,
            chat_id=message.chat_id,
            message_id=message.message_id,
            photo_id=stored.photo_id,
            user_id=sender_of(message),
            topic_id=topic_of(message),
        )
        remembered.append(stored)
    return remembered


async def find_copy(
    session: AsyncSession, hashes: Hashes, backbone: str, features: NDArray[np.floating]
) -> int | None:
    """The stored photo that this is a copy of (re-encoded, resized, cropped a little), or None.

    If a stored photo lacks features of ``backbone``, as photos from before its use do, the hashes
    decide; if it lacks colours, they are not compared. Of several the one with the nearest
    perceptual hash wins.
    """
    looked_up = list(copies.looked_up(hashes))
    if not looked_up:
        return None
    proposed = await known_photos.sharing_a_band(
        session, [(view, among_cropped) for view, among_cropped, _ in looked_up]
    )
    for (view, among_cropped, cropped), photos in zip(looked_up, proposed, strict=True):
        bits = await _confirmed(session, view, photos, among_cropped, cropped)
        if not bits:
            continue
        vectors = await known_photos.features_of_several(
            session, list(bits), backbone, len(features)
        )
        cosines = {
            photo_id: float(copies.cosines(features, vector[None])[0])
            for photo_id, vector in vectors.items()
        }
        if (copied := copies.most_alike(bits, cosines)) is not None:
            return copied
    return None


async def _confirmed(
    session: AsyncSession,
    view: Hashes,
    proposed: Mapping[int, int],
    among_cropped: bool,
    cropped: bool,
) -> dict[int, int]:
    """How many bits differ, by id of the proposed photos that all hashes confirm."""
    near = copies.nearest(view.average, np.array(list(proposed.values()), np.int64))
    if not len(near):
        return {}
    ids = [list(proposed)[row] for row in near]
    stored = await known_photos.perceptual_hashes_and_colours(session, ids, cropped=among_cropped)
    if not stored:  # deleted meanwhile, on a database with several writers
        return {}
    perceptual, colours = zip(*stored.values(), strict=True)
    bits = copies.confirmed(
        view, _rows(perceptual), _rows(colours, where_none=view.colours), cropped=cropped
    )
    return {list(stored)[row]: different for row, different in bits.items()}


def _rows(blobs: Sequence[bytes | None], where_none: bytes | None = None) -> NDArray[np.uint8]:
    """Blobs of equal length as the rows of an array."""
    return np.stack([np.frombuffer(blob or where_none or b"", np.uint8) for blob in blobs])


async def _store(session: AsyncSession, engine: Engine, photo: ComputedPhoto) -> ComputedPhoto:
    if photo.hashes is None:
        return photo
    photo_id, file_id = photo.photo_id, photo.incoming.file.file_unique_id
    if photo_id is None:
        confirming = engine.confirm_backbone
        photo_id = await find_copy(session, photo.hashes, confirming, photo.features[confirming])
    if photo_id is None:
        photo_id = await known_photos.remember(
            session, hashes=photo.hashes, features=photo.features, file_unique_id=file_id
        )
        return replace(photo, photo_id=photo_id)
    if photo.photo_id is not None:  # not for copies: their hashes may differ a little
        await known_photos.add_hashes(session, photo_id, photo.hashes)
    await known_photos.add_file(session, photo_id, file_id)
    features = await known_photos.features(session, photo_id, engine.all_backbones)
    missing = {name: row for name, row in photo.features.items() if name not in features}
    await known_photos.add_features(session, photo_id, missing)
    if missing:
        changes.note(session, "photos", [photo_id])
    return replace(
        photo,
        photo_id=photo_id,
        features=missing | features,
        known=True,
        renewed=bool(missing),
    )


def _content(message: Message) -> Message | ExternalReplyInfo:
    return message if message.effective_attachment else message.external_reply or message


def _is_image(document: Document) -> bool:
    # Phones send HEIC as application/octet-stream, so the file name's ending counts as well.
    if (document.mime_type or "").startswith("image/"):
        return True
    ending = PurePath(document.file_name or "").suffix.lower()
    return ending in SUFFIXES and not (document.mime_type or "").startswith("video/")
