"""A cache of photo features on disk: one SQLite file per backbone, weights and change.

Photos are keyed by content, so a file may be moved or renamed.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.backbones.backbone import Backbone
from training.datasets.format import DatasetError
from training.features.changes import AS_IT_IS, Change


class FeatureCache:
    """Features as float16, keyed by the SHA-256 of a photo's bytes.

    Raises:
        DatasetError: where the file cannot be read or written.
    """

    def __init__(self, folder: Path, backbone: Backbone, change: Change = AS_IT_IS) -> None:
        self.path = folder / f"{backbone.name}-{backbone.sha256[:12]}{change.file_suffix}.sqlite"
        self._dims = backbone.dims
        with self._errors_explained():
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=30)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS features (photo BLOB PRIMARY KEY, vector BLOB NOT NULL)"
            )

    def get(self, digest: bytes) -> NDArray[np.float16] | None:
        """The features (dims,) of a digest, or None."""
        with self._errors_explained():
            row = self._connection.execute(
                "SELECT vector FROM features WHERE photo = ?", (digest,)
            ).fetchone()
        if row is None or len(row[0]) != 2 * self._dims:
            return None
        return np.frombuffer(row[0], np.float16)

    def put(self, rows: Iterable[tuple[bytes, NDArray[np.float16]]]) -> None:
        """Stores features (dims,) by digest; they are committed when this returns."""
        with self._errors_explained(), self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO features VALUES (?, ?)",
                [(digest, features.tobytes()) for digest, features in rows],
            )

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if type(error) is sqlite3.DatabaseError:  # its subclasses are of full disks and such
                raise DatasetError(
                    f"{self.path} is damaged ({error}). Delete it: features are computed again."
                ) from error
            raise DatasetError(
                f"Features cannot be saved in {self.path} ({error}). Choose another folder with "
                "--cache, or fix this one."
            ) from error
