"""Files that people send, in memory: photos in Telegram's sizes, documents unchanged.

When they exceed the memory limit the oldest are dropped; downloading one of those fails as it does
for a file deleted on Telegram.
"""

import asyncio
import hashlib
import io
import mimetypes
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from PIL import Image

from bot.local.limits import MAX_DOWNLOAD, MAX_FILE_BYTES
from bot.local.refusals import CannotSendError
from recommenders.photos import MAX_BYTES, PhotoError, decode

PHOTO_SIDES = (90, 320, 800, 1280)
"""Pixels of the longest side of each PhotoSize; photos are never enlarged."""

THUMBNAIL_SIDE = 320
MAX_RATIO = 20

UNREADABLE = "This cannot be read as a photo. It can be sent as a file instead."
TOO_LONG = "This picture is too long and narrow for a photo. It can be sent as a file instead."
UNFIT = {
    "too_large": "This is too large: at most {limit} MB can be sent here.",
    "too_long": TOO_LONG,
    "too_many_pixels": (
        "This picture has too many pixels for a photo. It can be sent as a file instead."
    ),
}
"""Why a picture cannot be sent as a photo, by the reason of ``PhotoError``."""


@dataclass(frozen=True)
class StoredFile:
    """One file; ``path`` is the Bot API's ``file_path``.

    ``data`` is empty if the file is too large to download; ``size`` is right all the same.
    """

    unique_id: str
    path: str
    size: int
    data: bytes

    def as_object(self) -> dict[str, Any]:
        """The fields that every file object of the Bot API begins with."""
        return {
            "file_id": f"file-{self.unique_id}",
            "file_unique_id": self.unique_id,
            "file_size": self.size,
        }


@dataclass(frozen=True)
class Jpeg:
    """A picture at one of Telegram's sizes (pixels)."""

    data: bytes
    width: int
    height: int


class FileStore:
    """Files by ``file_unique_id``."""

    def __init__(self, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._bytes_left = max_bytes
        self._files: OrderedDict[str, StoredFile] = OrderedDict()

    def add(
        self, data: bytes, folder: str, extension: str, source: bytes | None = None
    ) -> StoredFile:
        """Stores a file, whose ``unique_id`` is a hash of ``source``, by default of the bytes."""
        digest = hashlib.sha256(folder.encode() + b"\0" + (source or data)).hexdigest()[:24]
        stored = data if len(data) <= MAX_DOWNLOAD else b""
        file = StoredFile(digest, f"{folder}/{digest}{extension}", len(data), stored)
        self.drop(file.unique_id)
        self._files[file.unique_id] = file
        self._bytes_left -= len(stored)
        while self._bytes_left < 0 and len(self._files) > 1:
            self.drop(next(iter(self._files)))
        return file

    def drop(self, unique_id: str) -> None:
        """Deletes a file, as Telegram may do."""
        file = self._files.pop(unique_id, None)
        if file is not None:
            self._bytes_left += len(file.data)

    def get(self, unique_id: str) -> StoredFile | None:
        return self._files.get(unique_id)

    def by_file_id(self, file_id: str) -> StoredFile | None:
        return self.get(file_id.removeprefix("file-"))

    def by_path(self, path: str) -> StoredFile | None:
        file = self.get(PurePath(path).stem)
        return file if file and file.path == path else None

    async def add_photo(self, data: bytes) -> list[dict[str, Any]]:
        """Stores a photo in each size; returns its PhotoSize objects, the smallest first.

        Raises:
            CannotSendError: if the bytes cannot be sent as a photo.
        """
        jpegs = await asyncio.to_thread(_photo_sizes, data)
        return [self._add_jpeg(jpeg, "photos", data) for jpeg in jpegs]

    async def add_document(self, data: bytes, name: str, mime_type: str) -> dict[str, Any]:
        """Stores any file; returns its Document object."""
        if mime_type in ("", "application/octet-stream"):
            mime_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        suffix = PurePath(name).suffix
        file = self.add(data, "documents", suffix if suffix[1:].isalnum() else "")
        document = {**file.as_object(), "file_name": name, "mime_type": mime_type}
        thumbnail = await asyncio.to_thread(_thumbnail, data)
        if thumbnail:
            document["thumbnail"] = self._add_jpeg(thumbnail, "thumbnails", data)
        return document

    def _add_jpeg(self, jpeg: Jpeg, folder: str, source: bytes) -> dict[str, Any]:
        identity = f"{jpeg.width}x{jpeg.height} ".encode() + hashlib.sha256(source).digest()
        file = self.add(jpeg.data, folder, ".jpg", identity)
        return {**file.as_object(), "width": jpeg.width, "height": jpeg.height}


def _photo_sizes(data: bytes) -> list[Jpeg]:
    """A photo in each size, the smallest first."""
    picture = _decoded(data)
    longest = max(picture.size)
    if longest > MAX_RATIO * min(picture.size):
        raise CannotSendError(TOO_LONG)
    count = 1 + sum(side < longest for side in PHOTO_SIDES[:-1])
    return [_jpeg(picture, side) for side in PHOTO_SIDES[:count]]


def _thumbnail(data: bytes) -> Jpeg | None:
    """A small picture of an image file; None for other files."""
    try:
        return _jpeg(_decoded(data), THUMBNAIL_SIDE)
    except CannotSendError:
        return None


def _jpeg(picture: Image.Image, side: int) -> Jpeg:
    scale = min(1.0, side / max(picture.size))
    width, height = (max(1, round(length * scale)) for length in picture.size)
    out = io.BytesIO()
    picture.resize((width, height), Image.Resampling.LANCZOS).save(out, "JPEG", quality=87)
    return Jpeg(out.getvalue(), width, height)


def _decoded(data: bytes) -> Image.Image:
    try:
        return decode(data, shorter_side=PHOTO_SIDES[-1])
    except PhotoError as error:
        sentence = UNFIT.get(error.reason, UNREADABLE)
        raise CannotSendError(sentence, limit=MAX_BYTES // 2**20) from None
