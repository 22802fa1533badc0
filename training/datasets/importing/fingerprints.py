"""Fingerprints that a photo is recognised by: its bytes' digest and its hashes.

Fingerprints are stored in a file beside the dataset, so an interrupted import does not decode its
photos again.
"""

import hashlib
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from recommenders import copies
from recommenders.photos import MAX_BYTES, PhotoError, decode

_VIEW = f"Q{copies.PERCEPTUAL_BYTES}s{copies.COLOUR_BYTES}s"
# The digest, the photo, its cropped view, whether it is plain.
_RECORD = struct.Struct(f"<32s{_VIEW}{_VIEW}?")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A photo's fingerprint.

    Attributes:
        digest: SHA-256 of the file's bytes.
        hashes: with colours and a cropped view.
    """

    digest: bytes
    hashes: copies.Hashes


class FingerprintFile:
    """Fingerprints by photo content, in one file that grows a record at a time.

    A record that an interruption cut short is dropped on opening.
    """

    def __init__(self, path: Path) -> None:
        self._stored: dict[bytes, Fingerprint] = {}
        self._file = path.open("ab")
        self._file.truncate(self._file.tell() // _RECORD.size * _RECORD.size)
        for digest, *views, plain in _RECORD.iter_unpack(path.read_bytes()):
            cropped = _hashes(*views[3:])
            hashes = replace(_hashes(*views[:3]), cropped=cropped, plain=plain)
            self._stored[digest] = Fingerprint(digest, hashes)

    def close(self) -> None:
        self._file.close()

    def of_photos(
        self, paths: Sequence[Path], pool: ThreadPoolExecutor
    ) -> list[Fingerprint | PhotoError]:
        """The fingerprint of each photo, or why it has none; new ones are stored."""
        fingerprints = list(pool.map(self._of_photo, paths))
        for fingerprint in fingerprints:
            if isinstance(fingerprint, Fingerprint) and fingerprint.digest not in self._stored:
                self._stored[fingerprint.digest] = fingerprint
                self._file.write(_record(fingerprint))
        self._file.flush()
        return fingerprints

    def _of_photo(self, path: Path) -> Fingerprint | PhotoError:
        try:
            if path.stat().st_size > MAX_BYTES:
                return PhotoError("too_large")
            data = path.read_bytes()
        except OSError as error:
            return PhotoError("unreadable", error.strerror or type(error).__name__)
        digest = hashlib.sha256(data).digest()
        if stored := self._stored.get(digest):
            return stored
        try:
            image = decode(data)
        except PhotoError as error:
            return error
        return Fingerprint(digest, copies.hashes(image))


def _hashes(average: int, perceptual: bytes, colours: bytes) -> copies.Hashes:
    return copies.Hashes(average, int.from_bytes(perceptual), colours)


def _record(fingerprint: Fingerprint) -> bytes:
    hashes = fingerprint.hashes
    views = (
        (view.average, view.packed_perceptual, view.colours or b"")
        for view in (hashes, hashes.cropped or hashes)
    )
    return _RECORD.pack(fingerprint.digest, *chain.from_iterable(views), hashes.plain)
