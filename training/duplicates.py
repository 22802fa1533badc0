"""How well duplicate photos are told: the measurement behind the thresholds of storage.duplicates.

Each photo is copied as people's phones and messengers do (smaller, JPEG of low quality), and every
copy is looked up among all the photos, the way the bot looks one up. Two figures matter: copies
found, and pairs of different photos taken for the same one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from recommenders.photos import decode
from storage import duplicates

Features = Callable[[Sequence[Image.Image]], NDArray[np.float32]]
"""RGB photos to (n, d) features, such as ``Backbone.features``."""
Progress = Callable[[int, int], None]
"""Called with (done, total)."""

_BATCH = 32


@dataclass(frozen=True)
class Survey:
    """Photos and their copies, row by row.

    Attributes:
        photos: n paths.
        hashes, copy_hashes: (n,) int64, average hashes, signed.
        features, copy_features: (n, d) float16, as they are stored.
    """

    photos: tuple[Path, ...]
    hashes: NDArray[np.int64]
    copy_hashes: NDArray[np.int64]
    features: NDArray[np.float16]
    copy_features: NDArray[np.float16]


@dataclass(frozen=True)
class Pair:
    """Two different photos that are as near as a photo and its copy."""

    first: Path
    second: Path
    distance: int
    cosine: float


@dataclass(frozen=True)
class Figures:
    """What the thresholds give on a survey.

    Attributes:
        photos: how many there are, each with one copy.
        found: copies whose best match was their own photo.
        missed: photos whose copy matched nothing.
        mistaken: (photo of the copy, the other photo that matched best).
        false_pairs: different photos that count as the same, highest cosine first.
        proposed_pairs: different photos whose hashes alone are near enough.
        max_candidates: the most photos whose features one look-up compared.
    """

    photos: int
    found: int
    missed: tuple[Path, ...]
    mistaken: tuple[Pair, ...]
    false_pairs: tuple[Pair, ...]
    proposed_pairs: int
    max_candidates: int

    @property
    def found_share(self) -> float:
        """Copies found, 0 to 1."""
        return self.found / self.photos if self.photos else 0.0


def copy_of(photo: Image.Image, *, scale: float = 2 / 3, quality: int = 60) -> Image.Image:
    """The photo made smaller and saved as a JPEG of low quality, read back as the bot would."""
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    file = BytesIO()
    photo.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=quality)
    return decode(file.getvalue())


def survey(
    photos: Sequence[Path],
    features: Features,
    *,
    copy: Callable[[Image.Image], Image.Image] = copy_of,
    progress: Progress | None = None,
) -> Survey:
    """Hashes and features of all photos and of a copy of each.

    The copy is made from the photo's own pixels, whatever size it has.

    Raises:
        PhotoError: for a file that is no photo.
    """
    hashes: list[int] = []
    copy_hashes: list[int] = []
    rows: list[NDArray[np.float16]] = []
    copy_rows: list[NDArray[np.float16]] = []
    for start in range(0, len(photos), _BATCH):
        paths = photos[start : start + _BATCH]
        originals = [decode(path) for path in paths]
        copies = [copy(_whole(path)) for path in paths]
        hashes += [duplicates.signed(duplicates.average_hash(photo)) for photo in originals]
        copy_hashes += [duplicates.signed(duplicates.average_hash(photo)) for photo in copies]
        rows.append(features(originals).astype(np.float16))
        copy_rows.append(features(copies).astype(np.float16))
        if progress is not None:
            progress(start + len(paths), len(photos))
    empty = np.empty((0, 0), np.float16)
    return Survey(
        tuple(photos),
        np.array(hashes, np.int64),
        np.array(copy_hashes, np.int64),
        np.concatenate(rows) if rows else empty,
        np.concatenate(copy_rows) if copy_rows else empty,
    )


def measure(
    seen: Survey,
    *,
    max_distance: int = duplicates.MAX_DISTANCE,
    min_cosine: float = duplicates.MIN_COSINE,
) -> Figures:
    """Looks every copy up among the photos, and every photo among the others.

    ``max_distance`` (bits) and ``min_cosine`` are the bot's own unless others are to be tried.
    """
    found = most = proposed = 0
    missed: list[Path] = []
    mistaken: list[Pair] = []
    false_pairs: list[Pair] = []
    for row, path in enumerate(seen.photos):
        near = _near(seen, int(seen.copy_hashes[row]), max_distance)
        most = max(most, len(near))
        cosines = duplicates.cosines(seen.copy_features[row], seen.features[near])
        best = int(cosines.argmax()) if len(near) else -1
        if best < 0 or cosines[best] < min_cosine:
            missed.append(path)
        elif near[best] == row:
            found += 1
        else:
            mistaken.append(_pair(seen, row, int(near[best]), seen.copy_hashes, cosines[best]))

        others = _near(seen, int(seen.hashes[row]), max_distance, limit=len(seen.photos))
        others = others[others > row]
        proposed += len(others)
        alike = duplicates.cosines(seen.features[row], seen.features[others])
        false_pairs += [
            _pair(seen, row, int(other), seen.hashes, cosine)
            for other, cosine in zip(others, alike, strict=True)
            if cosine >= min_cosine
        ]
    return Figures(
        photos=len(seen.photos),
        found=found,
        missed=tuple(missed),
        mistaken=tuple(mistaken),
        false_pairs=tuple(sorted(false_pairs, key=lambda pair: -pair.cosine)),
        proposed_pairs=proposed,
        max_candidates=most,
    )


def sweep(
    seen: Survey, distances: Sequence[int], cosines: Sequence[float]
) -> dict[tuple[int, float], Figures]:
    """The figures for every combination of thresholds, to choose from."""
    return {
        (distance, cosine): measure(seen, max_distance=distance, min_cosine=cosine)
        for distance in distances
        for cosine in cosines
    }


def _near(
    seen: Survey, signed_hash: int, max_distance: int, limit: int = duplicates.MAX_CANDIDATES
) -> NDArray[np.intp]:
    unsigned = signed_hash % (1 << duplicates.BITS)
    return duplicates.nearest(unsigned, seen.hashes, max_distance=max_distance, limit=limit)


def _pair(
    seen: Survey, row: int, other: int, hashes: NDArray[np.int64], cosine: np.float32
) -> Pair:
    bits = duplicates.distance(
        int(hashes[row]) % (1 << duplicates.BITS), int(seen.hashes[other]) % (1 << duplicates.BITS)
    )
    return Pair(seen.photos[row], seen.photos[other], bits, float(cosine))


def _whole(path: Path) -> Image.Image:
    """The photo upright at its full size, which decoding for the bot may reduce."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")
