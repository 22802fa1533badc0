"""What a photo is recognised by: its bytes, an average hash and a small grey thumbnail.

Two files of the same bytes are one photo. A re-encoded or resized copy is proposed by the average
hash and confirmed by the thumbnail; no network is needed. Fingerprints are kept in a file beside
the dataset, so an interrupted import does not decode its photos again.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders.photos import MAX_BYTES, PhotoError, decode

SIDE = 32
_RECORD = np.dtype(
    [
        ("digest", np.uint8, 32),
        ("hash", np.uint64),
        ("aspect", np.float32),
        ("thumbnail", np.uint8, SIDE * SIDE),
    ]
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A photo's fingerprint.

    Attributes:
        digest: SHA-256 of the file's bytes.
        hash: average hash, 0 … 2**64 - 1.
        aspect: width / height.
        thumbnail: (1024,) uint8, 32×32 grey, row by row.
    """

    digest: bytes
    hash: int
    aspect: float
    thumbnail: NDArray[np.uint8]


def of_image(image: Image.Image, digest: bytes = b"") -> Fingerprint:
    """The fingerprint of a decoded photo."""
    grey = image.convert("L")
    bits = imagehash.average_hash(grey, hash_size=8).hash
    small = grey.resize((SIDE, SIDE), Image.Resampling.BOX)
    return Fingerprint(
        digest,
        int.from_bytes(np.packbits(bits).tobytes(), "big"),
        image.width / image.height,
        np.asarray(small, np.uint8).reshape(-1),
    )


class Fingerprints:
    """Fingerprints by photo content, kept in one file that grows a record at a time.

    A record that an interruption cut short is dropped on opening. Use it as a context manager.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._known: dict[bytes, Fingerprint] = {}

    def __enter__(self) -> "Fingerprints":
        self._file = self._path.open("ab")
        whole = self._file.tell() // _RECORD.itemsize * _RECORD.itemsize
        self._file.truncate(whole)
        for row in np.fromfile(self._path, _RECORD):
            digest = row["digest"].tobytes()
            self._known[digest] = Fingerprint(
                digest, int(row["hash"]), float(row["aspect"]), row["thumbnail"]
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def of_files(
        self, paths: Sequence[Path], pool: ThreadPoolExecutor
    ) -> list[Fingerprint | PhotoError]:
        """The fingerprint of each photo, or why it has none; what was computed is kept."""
        found = list(pool.map(self._of_file, paths))
        for one in found:
            if isinstance(one, Fingerprint) and one.digest not in self._known:
                self._known[one.digest] = one
                self._file.write(_record(one))
        self._file.flush()
        return found

    def _of_file(self, path: Path) -> Fingerprint | PhotoError:
        try:
            if path.stat().st_size > MAX_BYTES:
                return PhotoError("too_large")
            data = path.read_bytes()
        except OSError as error:
            return PhotoError("unreadable", error.strerror or type(error).__name__)
        digest = hashlib.sha256(data).digest()
        if known := self._known.get(digest):
            return known
        try:
            return of_image(decode(data), digest)
        except PhotoError as error:
            return error


def _record(fingerprint: Fingerprint) -> bytes:
    row = np.zeros((), _RECORD)
    row["digest"] = np.frombuffer(fingerprint.digest, np.uint8)
    row["hash"] = fingerprint.hash
    row["aspect"] = fingerprint.aspect
    row["thumbnail"] = fingerprint.thumbnail
    return row.tobytes()
