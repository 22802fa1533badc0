"""Which photo a message carries, and in which size to fetch it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from telegram import Document, Message, PhotoSize
from telegram.error import BadRequest, InvalidToken, NetworkError

from recommenders.photos import MAX_BYTES

IMAGE_ENDINGS = frozenset(
    ".jpg .jpeg .jpe .jfif .png .webp .heic .heif .avif .bmp .tif .tiff .gif".split()  # noqa: SIM905
)


class UnreadableError(Exception):
    """No photo to be had from a message; ``reason`` is a key of ``Texts.wrong_file``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Incoming:
    """A photo as Telegram offers it: an image sent as a photo, or as a file."""

    message: Message
    file: PhotoSize | Document

    @property
    def file_unique_id(self) -> str:
        """The same for the same file, whoever sends it; never changes."""
        return self.file.file_unique_id

    async def download(self) -> bytes:
        """The file's bytes.

        Raises:
            UnreadableError: ``too_large``, ``deleted`` or ``slow``.
        """
        if (self.file.file_size or 0) > MAX_BYTES:
            raise UnreadableError("too_large")
        try:
            file = await self.file.get_file()
            return bytes(await file.download_as_bytearray())
        except BadRequest as error:
            reason = "too_large" if "too big" in error.message.lower() else "deleted"
            raise UnreadableError(reason) from error
        except InvalidToken as error:  # how a 404 for the file itself arrives
            raise UnreadableError("deleted") from error
        except NetworkError as error:
            raise UnreadableError("slow") from error


def photo_in(message: Message | None, min_side: int) -> Incoming | None:
    """The photo that a message carries, or ``None``."""
    if message is None:
        return None
    if message.photo:
        return Incoming(message, fitting_size(message.photo, min_side))
    # An animation also comes with a document, for clients that know no animations.
    if message.document and not message.animation and _is_image(message.document):
        return Incoming(message, message.document)
    return None


def fitting_size(sizes: Sequence[PhotoSize], min_side: int) -> PhotoSize:
    """The smallest size whose shorter side has ``min_side`` pixels; the largest if none has."""
    by_area = sorted(sizes, key=lambda size: size.width * size.height)
    return next((size for size in by_area if min(size.width, size.height) >= min_side), by_area[-1])


def kind_of(message: Message) -> str:
    """What a message without a photo carries instead: a key of ``Texts.wrong_file``."""
    if message.animation:
        return "animation"
    if message.video or message.video_note:
        return "video"
    if message.sticker:
        return "sticker"
    if message.voice or message.audio:
        return "sound"
    return "document" if message.document else "other"


def _is_image(document: Document) -> bool:
    # Phones send HEIC as application/octet-stream, so the ending counts as well.
    if (document.mime_type or "").startswith("image/"):
        return True
    ending = PurePath(document.file_name or "").suffix.lower()
    return ending in IMAGE_ENDINGS and not (document.mime_type or "").startswith("video/")
