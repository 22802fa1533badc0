"""Features of many photos, cached by photo content and backbone.

The cache is one SQLite file per backbone and set of weights. A batch is committed as soon as it is
computed, so an interrupted run goes on where it stopped; a photo that moved or was renamed is found
again by its content.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ImageOps

from recommenders.backbones import Backbone, pixels
from recommenders.photos import PhotoError, decode
from training.datasets import Problems

BATCH = 64
Progress = Callable[[int, int], None]
"""Called with (done, total)."""


class FeatureCache:
    """Features as float16 under the SHA-256 of a photo's bytes."""

    def __init__(self, folder: Path, backbone: Backbone, *, flipped: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        suffix = "-flipped" if flipped else ""
        self.path = folder / f"{backbone.name}-{backbone.sha256[:12]}{suffix}.sqlite"
        self._connection = sqlite3.connect(self.path, timeout=30)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS features (photo BLOB PRIMARY KEY, vector BLOB NOT NULL)"
        )
        self._dims = backbone.dims

    def get(self, digest: bytes) -> NDArray[np.float16] | None:
        row = self._connection.execute(
            "SELECT vector FROM features WHERE photo = ?", (digest,)
        ).fetchone()
        if row is None or len(row[0]) != 2 * self._dims:
            return None
        return np.frombuffer(row[0], np.float16)

    def put(self, digests: Sequence[bytes], features: NDArray[np.float32]) -> None:
        rows = zip(digests, (row.tobytes() for row in features.astype(np.float16)), strict=True)
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", rows)

    def close(self) -> None:
        self._connection.close()


def embed(
    paths: Sequence[Path],
    backbone: Backbone,
    cache_dir: Path,
    *,
    flipped: bool = False,
    progress: Progress | None = None,
    problems: Problems | None = None,
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Features of photo files, from the cache where they are there.

    Args:
        paths: photo files; a file may appear more than once.
        flipped: of the photos mirrored left to right.
        progress: called with (done, total).
        problems: counts photos that cannot be read.

    Returns:
        Features (n, dims) float16, zero where a photo could not be read, and (n,) bool which could.
    """
    problems = Problems() if problems is None else problems
    features = np.zeros((len(paths), backbone.dims), np.float16)
    readable = np.zeros(len(paths), np.bool_)

    def load(index: int) -> tuple[int, bytes | None, NDArray[np.uint8] | None, str]:
        """Reads one file: its digest, and its pixels unless the cache has its features."""
        try:
            content = paths[index].read_bytes()
            digest = hashlib.sha256(content).digest()
            if digest in known:
                return index, digest, None, ""
            photo = decode(content)
            return index, digest, pixels(ImageOps.mirror(photo) if flipped else photo), ""
        except PhotoError as error:
            return index, None, None, str(error)
        except OSError as error:
            return index, None, None, error.strerror or "cannot be opened"

    done = 0
    with (
        closing(FeatureCache(cache_dir, backbone, flipped=flipped)) as cache,
        ThreadPoolExecutor(2) as pool,
    ):
        known = {row[0] for row in cache._connection.execute("SELECT photo FROM features")}
        for at in range(0, len(paths), BATCH):
            loaded = list(pool.map(load, range(at, min(at + BATCH, len(paths)))))
            new = {d: p for _, d, p, _ in loaded if d is not None and p is not None}
            if new:
                cache.put(list(new), backbone.features_of_pixels(np.stack(list(new.values()))))
            for index, digest, _, reason in loaded:
                row = cache.get(digest) if digest is not None else None
                if row is None:
                    problems.add(reason or "features lost from the cache", str(paths[index]))
                else:
                    features[index], readable[index] = row, True
            done += len(loaded)
            if progress is not None:
                progress(done, len(paths))
    return features, readable


def batches(total: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size`` that cover ``range(total)``."""
    for at in range(0, total, size):
        yield slice(at, min(at + size, total))
