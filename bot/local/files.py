"""Files that people and the bot send, in memory, with a budget of bytes.

Photos are kept as Telegram keeps them: JPEGs whose longest side is at most 90, 320, 800 and 1280
pixels, never enlarged. When the budget is spent the oldest files go, and fetching one of those
fails as fetching a deleted file does on Telegram.
"""

import base64
import hashlib
import io
import mimetypes
import warnings
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps

from bot.local.rules import MAX_DOWNLOAD

PHOTO_SIZES = (("s", 90), ("m", 320), ("x", 800), ("y", 1280))
MAX_PIXELS = 50_000_000  # to be decoded at once
MAX_RATIO = 20
BYTES_KEPT = 192 * 2**20
FILES_KEPT = 20_000
_TOO_MANY_PIXELS = "This picture has too many pixels for a photo. It can be sent as a file instead."


class UnreadablePhotoError(ValueError):
    """Bytes that cannot be sent as a photo; the message is a sentence of ``sentences``."""


@dataclass(frozen=True)
class StoredFile:
    """What is known of one file. ``size`` is in bytes, ``path`` is the Bot API's file_path."""

    file_id: str
    file_unique_id: str
    path: str
    size: int
    mime_type: str
    name: str | None = None

    def as_object(self) -> dict[str, Any]:
        """The fields that every file object of the Bot API begins with."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.file_unique_id,
            "file_size": self.size,
        }


class FileStore:
    """Files by file_id; their bytes by file_unique_id, the oldest dropped first."""

    def __init__(self, bytes_kept: int = BYTES_KEPT) -> None:
        self._bytes_kept = bytes_kept
        self._bytes_held = 0
        self._contents: OrderedDict[str, bytes] = OrderedDict()
        self._files: OrderedDict[str, StoredFile] = OrderedDict()
        self._paths: dict[str, StoredFile] = {}
        self._unique: dict[str, StoredFile] = {}
        self._objects: dict[str, tuple[str, Any]] = {}
        self._shown: Counter[str] = Counter()
        self._counter = 0

    def add(
        self,
        data: bytes,
        folder: str,
        extension: str,
        mime_type: str,
        *,
        name: str | None = None,
        identity: bytes | None = None,
    ) -> StoredFile:
        """Keep a file. The same ``identity`` (by default the bytes) is the same file again."""
        digest = hashlib.sha256(folder.encode() + b"\0" + (identity or data)).digest()
        unique = base64.urlsafe_b64encode(b"AQAD" + digest[:11]).decode()
        file_id = base64.urlsafe_b64encode(b"BQACAg" + digest[11:] + digest[:9]).decode()
        known = self._files.get(file_id)
        if known is None or known.name != name:
            path = known.path if known else f"{folder}/file_{self._counter}{extension}"
            self._counter += known is None
            known = StoredFile(file_id, unique, path, len(data), mime_type, name)
            self._files[file_id] = self._paths[path] = self._unique[unique] = known
            while len(self._files) > FILES_KEPT:
                self._forget(next(iter(self._files)))
        self._keep(unique, data)
        return known

    def _keep(self, unique: str, data: bytes) -> None:
        self.drop(unique)
        # The bot may not fetch more than this, so that larger bytes would serve nobody.
        if len(data) > MAX_DOWNLOAD:
            return
        self._contents[unique] = data
        self._bytes_held += len(data)
        while self._bytes_held > self._bytes_kept and len(self._contents) > 1:
            self.drop(next(iter(self._contents)))

    def _forget(self, file_id: str) -> None:
        old = self._files.pop(file_id)
        del self._paths[old.path], self._unique[old.file_unique_id]
        self._objects.pop(file_id, None)
        self.drop(old.file_unique_id)

    def hold(self, file_unique_ids: Iterable[str]) -> None:
        """Note that one more message shows these files."""
        self._shown.update(file_unique_ids)

    def release(self, file_unique_ids: Iterable[str]) -> None:
        """Note that a message which showed these files is gone; drop what none shows any more."""
        for unique in file_unique_ids:
            self._shown[unique] -= 1
            if self._shown[unique] <= 0:
                del self._shown[unique]
                self.drop(unique)

    def drop(self, file_unique_id: str) -> None:
        """Forget a file's bytes, as when a file is deleted on Telegram's side."""
        data = self._contents.pop(file_unique_id, None)
        if data is not None:
            self._bytes_held -= len(data)

    def find(self, file_id: str) -> StoredFile | None:
        return self._files.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        return self._paths.get(path)

    def by_unique_id(self, file_unique_id: str) -> StoredFile | None:
        return self._unique.get(file_unique_id)

    def read(self, file: StoredFile) -> bytes | None:
        """The bytes, or None when they are too many to keep or were dropped."""
        return self._contents.get(file.file_unique_id)

    def add_photo(self, data: bytes, sizes: "list[Rendition]") -> list[dict[str, Any]]:
        """Keep the renditions of a photo; returns its PhotoSize objects, the smallest first."""
        source = hashlib.sha256(data).digest()
        objects = []
        for size in sizes:
            file = self.add(
                size.data, "photos", ".jpg", "image/jpeg", identity=size.letter.encode() + source
            )
            objects.append({**file.as_object(), "width": size.width, "height": size.height})
        for item in objects:
            self._objects[item["file_id"]] = ("photo", objects)
        return objects

    def add_document(
        self, data: bytes, name: str, mime_type: str, thumbnail: "Rendition | None"
    ) -> dict[str, Any]:
        """Keep any file; returns its Document object."""
        extension = "." + name.rsplit(".", 1)[1] if "." in name else ""
        if not extension[1:].isalnum():
            extension = ""
        file = self.add(data, "documents", extension, mime_type, name=name)
        document = {**file.as_object(), "file_name": name, "mime_type": mime_type}
        if thumbnail:
            document["thumbnail"] = self.add_thumbnail(thumbnail, data)
        self._objects[file.file_id] = ("document", document)
        return document

    def add_thumbnail(self, rendition: "Rendition", source: bytes) -> dict[str, Any]:
        """Keep a small picture of a file; returns its PhotoSize object."""
        identity = b"t" + hashlib.sha256(source).digest()
        file = self.add(
            rendition.data, "thumbnails", ".jpg", "image/jpeg", identity=identity
        ).as_object()
        return {**file, "width": rendition.width, "height": rendition.height}

    def sent_again(self, file_id: str, kind: str) -> Any:
        """The photo or document that a file_id stands for, or None."""
        known = self._objects.get(file_id)
        return known[1] if known and known[0] == kind else None


@dataclass(frozen=True)
class Rendition:
    """A JPEG of a picture at one of Telegram's sizes (pixels)."""

    letter: str
    data: bytes
    width: int
    height: int


def photo_sizes(data: bytes) -> list[Rendition]:
    """The JPEGs that Telegram makes of a photo, the smallest first. CPU work: use a thread.

    Raises UnreadablePhotoError.
    """
    picture = _open(data, PHOTO_SIZES[-1][1])
    longest, shortest = max(picture.size), min(picture.size)
    if longest > MAX_RATIO * shortest:
        raise UnreadablePhotoError(
            "This picture is too long and narrow for a photo. It can be sent as a file instead."
        )
    renditions = []
    for letter, side in PHOTO_SIZES:
        renditions.append(_rendition(picture, letter, side))
        if side >= longest:
            break
    return renditions


def thumbnail(data: bytes) -> Rendition | None:
    """A JPEG of at most 320 pixels a side, or None when the bytes are no picture."""
    try:
        return _rendition(_open(data, 320), "m", 320)
    except UnreadablePhotoError:
        return None


def guess_mime_type(name: str, declared: str | None) -> str:
    """The type that the sender declared, otherwise the one that the name tells."""
    if declared and declared != "application/octet-stream" and "/" in declared:
        return declared
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _open(data: bytes, needed: int) -> Image.Image:
    """RGB, upright, at least ``needed`` pixels a side where the picture has them."""
    _read_heif()
    try:
        with warnings.catch_warnings():
            # The limit below is ours; Pillow's warning for a smaller one would only be noise.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as picture:
                # A JPEG is reduced while it is decoded, so that only others need be small.
                picture.draft("RGB", (needed, needed))
                if picture.width * picture.height > MAX_PIXELS:
                    raise UnreadablePhotoError(_TOO_MANY_PIXELS)
                picture.load()
                upright = ImageOps.exif_transpose(picture)
                return _on_white(upright)
    except UnreadablePhotoError:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadablePhotoError(_TOO_MANY_PIXELS) from error
    except Exception as error:
        # Pillow's readers raise many kinds of error for broken bytes; all mean the same here.
        raise UnreadablePhotoError(
            "This cannot be read as a photo. It can be sent as a file instead."
        ) from error


def _read_heif() -> None:
    try:
        import pillow_heif
    except ImportError:
        return
    pillow_heif.register_heif_opener()


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        # 16-bit grey: Pillow would clip it instead of scaling it.
        _, high = picture.convert("F").getextrema()
        scale = 255 / 65535 if float(str(high)) > 255 else 1.0
        return picture.point(lambda value: value * scale).convert("L").convert("RGB")
    if "A" in picture.getbands() or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        return Image.alpha_composite(white, layered).convert("RGB")
    return picture.convert("RGB")


def _rendition(picture: Image.Image, letter: str, side: int) -> Rendition:
    scale = min(1.0, side / max(picture.size))
    width = max(1, round(picture.width * scale))
    height = max(1, round(picture.height * scale))
    resized = picture if scale == 1.0 else picture.resize((width, height), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    resized.save(out, "JPEG", quality=87)
    return Rendition(letter, out.getvalue(), width, height)
