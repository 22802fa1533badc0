"""What a photo is recognised by: its bytes, its hashes and its colours.

Fingerprints are stored in a file beside the dataset, so an interrupted import does not decode its
photos again.
"""

import hashlib
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders import copies
from recommenders.photos import MAX_BYTES, PhotoError, decode

_RECORD = struct.Struct("<32sQ32s48s")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A photo's fingerprint.

    Attributes:
        digest: SHA-256 of the file's bytes.
        hashes, colours: as ``recommenders.copies`` computes them.
    """

    digest: bytes
    hashes: copies.Hashes
    colours: NDArray[np.uint8]


class FingerprintFile:
    """Fingerprints by photo content, in one file that grows a record at a time.

    A record that an interruption cut short is dropped on opening.
    """

    def __init__(self, path: Path) -> None:
        self._stored: dict[bytes, Fingerprint] = {}
        self._file = path.open("ab")
        self._file.truncate(self._file.tell() // _RECORD.size * _RECORD.size)
        for digest, average, perceptual, colours in _RECORD.iter_unpack(path.read_bytes()):
            hashes = copies.Hashes(average, int.from_bytes(perceptual, "big"))
            self._stored[digest] = Fingerprint(digest, hashes, np.frombuffer(colours, np.uint8))

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
                self._file.write(
                    _RECORD.pack(
                        fingerprint.digest,
                        fingerprint.hashes.average,
                        copies.packed(fingerprint.hashes.perceptual),
                        fingerprint.colours.tobytes(),
                    )
                )
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
        return Fingerprint(digest, copies.hashes(image), copies.colours(image))
