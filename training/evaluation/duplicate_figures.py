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

from recommenders import copies
from recommenders.photos import decode

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
        perceptual, copy_perceptual: (n, 32) uint8, perceptual hashes.
        features, copy_features: (n, d) float16, as they are stored.
    """

    photos: tuple[Path, ...]
    hashes: NDArray[np.int64]
    copy_hashes: NDArray[np.int64]
    perceptual: NDArray[np.uint8]
    copy_perceptual: NDArray[np.uint8]
    features: NDArray[np.float16]
    copy_features: NDArray[np.float16]


@dataclass(frozen=True)
class Pair:
    """Two different photos that are as near as a photo and its copy.

    Attributes:
        distance, perceptual_distance: bits in which the average and perceptual hashes differ.
        cosine: of the features.
    """

    first: Path
    second: Path
    distance: int
    perceptual_distance: int
    cosine: float


@dataclass(frozen=True)
class Figures:
    """What the thresholds give on a survey.

    Attributes:
        photos: how many there are, each with one copy.
        found: copies whose best match was their own photo.
        missed: photos whose copy matched nothing.
        mistaken: (photo of the copy, the other photo that matched best).
        false_pairs: different photos that count as the same, the most alike first.
        proposed_pairs: different photos whose average hashes alone are near enough.
        max_candidates: the most photos that one look-up compared.
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
    sides: tuple[_Side, _Side] = (_Side(), _Side())
    for start in range(0, len(photos), _BATCH):
        paths = photos[start : start + _BATCH]
        sides[0].add([decode(path) for path in paths], features)
        sides[1].add([copy(_whole(path)) for path in paths], features)
        if progress is not None:
            progress(start + len(paths), len(photos))
    originals, copies = sides
    return Survey(
        tuple(photos),
        np.array(originals.average, np.int64),
        np.array(copies.average, np.int64),
        originals.packed(),
        copies.packed(),
        np.array(originals.features, np.float16),
        np.array(copies.features, np.float16),
    )


def measure(
    seen: Survey,
    *,
    max_distance: int = copies.MAX_DISTANCE,
    max_perceptual_distance: int = copies.MAX_PERCEPTUAL_DISTANCE,
    min_cosine: float = copies.MIN_COSINE,
) -> Figures:
    """Looks every copy up among the photos, and every photo among the others.

    The thresholds (bits, bits, cosine) are the bot's own unless others are to be tried.
    """
    found = most = proposed = 0
    missed: list[Path] = []
    mistaken: list[Pair] = []
    false_pairs: list[Pair] = []
    for row, path in enumerate(seen.photos):
        near = _near(seen, int(seen.copy_hashes[row]), max_distance)
        most = max(most, len(near))
        pairs = [
            pair
            for pair in _pairs(seen, row, near, of_copy=True)
            if pair.perceptual_distance <= max_perceptual_distance and pair.cosine >= min_cosine
        ]
        best = min(pairs, key=lambda pair: (pair.perceptual_distance, -pair.cosine), default=None)
        if best is None:
            missed.append(path)
        elif best.second == path:
            found += 1
        else:
            mistaken.append(best)

        others = _near(seen, int(seen.hashes[row]), max_distance, limit=len(seen.photos))
        others = others[others > row]
        proposed += len(others)
        false_pairs += [
            pair
            for pair in _pairs(seen, row, others, of_copy=False)
            if pair.perceptual_distance <= max_perceptual_distance and pair.cosine >= min_cosine
        ]
    return Figures(
        photos=len(seen.photos),
        found=found,
        missed=tuple(missed),
        mistaken=tuple(mistaken),
        false_pairs=tuple(
            sorted(false_pairs, key=lambda pair: (pair.perceptual_distance, -pair.cosine))
        ),
        proposed_pairs=proposed,
        max_candidates=most,
    )


def sweep(
    seen: Survey, perceptual_distances: Sequence[int], cosines: Sequence[float]
) -> dict[tuple[int, float], Figures]:
    """The figures for every combination of what confirms, to choose from."""
    return {
        (bits, cosine): measure(seen, max_perceptual_distance=bits, min_cosine=cosine)
        for bits in perceptual_distances
        for cosine in cosines
    }


class _Side:
    """What a survey gathers of the photos, or of their copies."""

    def __init__(self) -> None:
        self.average: list[int] = []
        self.perceptual: list[bytes] = []
        self.features: list[NDArray[np.float16]] = []

    def add(self, images: Sequence[Image.Image], features: Features) -> None:
        for image in images:
            hashes = copies.hashes(image)
            self.average.append(copies.signed(hashes.average))
            self.perceptual.append(copies.packed(hashes.perceptual))
        self.features += list(features(images).astype(np.float16))

    def packed(self) -> NDArray[np.uint8]:
        """The perceptual hashes: (n, 32)."""
        return np.frombuffer(b"".join(self.perceptual), np.uint8).reshape(-1, 32)


def _near(
    seen: Survey, signed_hash: int, max_distance: int, limit: int = copies.MAX_CANDIDATES
) -> NDArray[np.intp]:
    return copies.nearest(
        _unsigned(signed_hash), seen.hashes, max_distance=max_distance, limit=limit
    )


def _pairs(seen: Survey, row: int, others: NDArray[np.intp], *, of_copy: bool) -> list[Pair]:
    """The photo, or its copy, with each of the others."""
    average = seen.copy_hashes if of_copy else seen.hashes
    perceptual = seen.copy_perceptual if of_copy else seen.perceptual
    features = seen.copy_features if of_copy else seen.features
    whole = int.from_bytes(perceptual[row].tobytes(), "big")
    bits = copies.perceptual_distances(whole, seen.perceptual[others])
    cosines = copies.cosines(features[row], seen.features[others])
    return [
        Pair(
            seen.photos[row],
            seen.photos[other],
            copies.distance(_unsigned(int(average[row])), _unsigned(int(seen.hashes[other]))),
            int(bits[number]),
            float(cosines[number]),
        )
        for number, other in enumerate(others)
    ]


def _unsigned(signed_hash: int) -> int:
    return signed_hash % (1 << copies.BITS)


def _whole(path: Path) -> Image.Image:
    """The photo upright at its full size, which decoding for the bot may reduce."""
    with Image.open(path) as image:
        return ImageOps.exif_transpose(image).convert("RGB")
