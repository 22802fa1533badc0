"""How well duplicate photos are recognised: what the thresholds of recommenders.copies come from.

Each photo is copied as people's phones and messengers do (smaller, JPEG of low quality), and every
copy is looked up among all the photos, the way the bot looks one up. Two figures matter: copies
found, and pairs of different photos taken for the same one.

    python -m training.evaluation.duplicate_figures FOLDER...
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rich import box
from rich.console import Console
from rich.table import Table

from recommenders import copies
from recommenders.backbones.backbone import load_backbone
from recommenders.photos import PhotoError, decode
from training.datasets.format import DatasetError
from training.features.compute import batches
from training.progress import Progress, silent
from training.terminal import WEIGHTS_DIR, WeightsDir, reporting, tool

Features = Callable[[Sequence[Image.Image]], NDArray[np.float32]]
"""RGB photos to (n, d) features, such as ``Backbone.features``."""

COPY_SCALE, COPY_QUALITY = 2 / 3, 60
"""Of a copy: its sides beside the photo's, and its JPEG quality."""

_BATCH = 32
_LISTED = 10
"""Photos that are listed before the rest is only counted."""


@dataclass(frozen=True)
class Fingerprints:
    """What n photos are recognised by.

    Attributes:
        average: (n,) int64, average hashes, signed.
        perceptual: (n, 32) uint8, perceptual hashes.
        features: (n, d) float16, as they are stored.
    """

    average: NDArray[np.int64]
    perceptual: NDArray[np.uint8]
    features: NDArray[np.float16]


@dataclass(frozen=True)
class Survey:
    """Photos, and the fingerprints of each and of its copy, row by row."""

    photos: tuple[Path, ...]
    originals: Fingerprints
    copies: Fingerprints


@dataclass(frozen=True)
class Pair:
    """Two photos that are as near as a photo and its copy.

    Attributes:
        distance, perceptual_distance: bits in which the average and perceptual hashes differ.
        cosine: of the features.
    """

    first: Path
    second: Path
    distance: int
    perceptual_distance: int
    cosine: float

    def __str__(self) -> str:
        return f"{self.first}  {self.second}  ({self.distance} bits, cosine {self.cosine:.3f})"


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


def copy_of(photo: Image.Image) -> Image.Image:
    """The photo made smaller and saved as a JPEG of low quality, read back as the bot would."""
    size = (max(1, round(photo.width * COPY_SCALE)), max(1, round(photo.height * COPY_SCALE)))
    file = BytesIO()
    photo.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=COPY_QUALITY)
    return decode(file.getvalue())


def survey(
    photos: Sequence[Path],
    features: Features,
    progress: Progress = silent,
) -> Survey:
    """Fingerprints of all photos and of a copy of each.

    Args:

    Raises:
        DatasetError: names a file that is no photo.
    """
    originals: list[tuple[copies.Hashes, NDArray[np.float16]]] = []
    copied: list[tuple[copies.Hashes, NDArray[np.float16]]] = []
    for rows in batches(len(photos), _BATCH):
        pictures = [_read(path) for path in photos[rows]]
        originals += _hashed([upright for upright, _ in pictures], features)
        copied += _hashed([copy_of(whole) for _, whole in pictures], features)
        progress("Looking", rows.stop, len(photos))
    return Survey(tuple(photos), _stacked(originals), _stacked(copied))


def measure(
    survey: Survey,
    *,
    max_distance: int = copies.MAX_DISTANCE,
    max_perceptual_distance: int = copies.MAX_PERCEPTUAL_DISTANCE,
    min_cosine: float = copies.MIN_COSINE,
) -> Figures:
    """Looks every copy up among the photos, and every photo among the others.

    The thresholds (bits, bits, cosine) are the bot's own unless others are to be tried.
    """
    originals, photos = survey.originals, survey.photos

    def near(side: Fingerprints, row: int, limit: int) -> NDArray[np.intp]:
        average = _unsigned(side.average[row])
        return copies.nearest(average, originals.average, max_distance=max_distance, limit=limit)

    def confirmed(side: Fingerprints, row: int, others: NDArray[np.intp]) -> list[Pair]:
        """A row with those of the others that pass for the same photo, the most alike first."""
        perceptual = int.from_bytes(side.perceptual[row].tobytes(), "big")
        bits = copies.perceptual_distances(perceptual, originals.perceptual[others])
        cosines = copies.cosines(side.features[row], originals.features[others])
        average = _unsigned(side.average[row])
        pairs = [
            Pair(
                photos[row],
                photos[other],
                copies.distance(average, _unsigned(originals.average[other])),
                int(different),
                float(cosine),
            )
            for other, different, cosine in zip(others, bits, cosines, strict=True)
            if different <= max_perceptual_distance and cosine >= min_cosine
        ]
        return sorted(pairs, key=_by_likeness)

    found = compared = proposed = 0
    missed: list[Path] = []
    mistaken: list[Pair] = []
    false_pairs: list[Pair] = []
    for row, path in enumerate(photos):
        candidates = near(survey.copies, row, copies.MAX_CANDIDATES)
        compared = max(compared, len(candidates))
        matches = confirmed(survey.copies, row, candidates)
        if not matches:
            missed.append(path)
        elif matches[0].second == path:
            found += 1
        else:
            mistaken.append(matches[0])

        others = near(originals, row, len(photos))
        others = others[others > row]
        proposed += len(others)
        false_pairs += confirmed(originals, row, others)
    return Figures(
        photos=len(photos),
        found=found,
        missed=tuple(missed),
        mistaken=tuple(mistaken),
        false_pairs=tuple(sorted(false_pairs, key=_by_likeness)),
        proposed_pairs=proposed,
        max_candidates=compared,
    )


def main(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER", exists=True, file_okay=False, show_default=False),
    ],
    backbone: Annotated[
        str, typer.Option(metavar="NAME", help="Whose features confirm that two are the same.")
    ] = "efficientnet_lite0",
    weights_dir: WeightsDir = WEIGHTS_DIR,
) -> None:
    """Measure how well duplicates are recognised among the photos below folders."""
    paths = sorted({path for folder in folders for path in _photos_below(folder)})
    if not paths:
        raise DatasetError(f"There is no image in {' or '.join(map(str, folders))}.")
    features = load_backbone(backbone, weights_dir).features
    with reporting() as progress:
        surveyed = survey(paths, features, progress)
    figures = measure(surveyed)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right", style="bold")
    table.add_row("photos, each with one copy", f"{figures.photos:,}")
    table.add_row("copies found", f"{figures.found:,} ({figures.found_share:.2%})")
    table.add_row("copies missed", f"{len(figures.missed):,}")
    table.add_row("copies taken for another photo", f"{len(figures.mistaken):,}")
    table.add_row("different photos taken for one", f"{len(figures.false_pairs):,}")
    table.add_row("… that average hashes alone would take", f"{figures.proposed_pairs:,}")
    table.add_row("photos one look-up compared, at most", f"{figures.max_candidates:,}")
    Console().print(table)
    _list("missed", figures.missed)
    _list("taken for another photo", figures.mistaken)
    _list("taken for one", figures.false_pairs)


def _photos_below(folder: Path) -> list[Path]:
    suffixes = {end for end, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    return [
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    ]


def _list(title: str, items: Sequence[Path | Pair]) -> None:
    if items:
        more = [f"… and {len(items) - _LISTED:,} more"] if len(items) > _LISTED else []
        typer.echo("\n  ".join([f"{title}:", *map(str, items[:_LISTED]), *more]))


def _read(path: Path) -> tuple[Image.Image, Image.Image]:
    """A photo as the bot decodes it, and at its full size, which decoding may reduce."""
    try:
        decoded = decode(path)
    except PhotoError as error:
        raise DatasetError(f"{path}: {error}. Take it out of the folder.") from error
    with Image.open(path) as image:
        return decoded, ImageOps.exif_transpose(image).convert("RGB")


def _hashed(
    images: Sequence[Image.Image], features: Features
) -> list[tuple[copies.Hashes, NDArray[np.float16]]]:
    rows = features(images).astype(np.float16)
    return [(copies.hashes(image), row) for image, row in zip(images, rows, strict=True)]


def _stacked(rows: Sequence[tuple[copies.Hashes, NDArray[np.float16]]]) -> Fingerprints:
    perceptual = b"".join(copies.packed(hashes.perceptual) for hashes, _ in rows)
    return Fingerprints(
        np.array([copies.signed(hashes.average) for hashes, _ in rows], np.int64),
        np.frombuffer(perceptual, np.uint8).reshape(-1, copies.PERCEPTUAL_BITS // 8),
        np.array([features for _, features in rows], np.float16),
    )


def _unsigned(signed_hash: np.int64) -> int:
    return int(signed_hash) % (1 << copies.BITS)


def _by_likeness(pair: Pair) -> tuple[int, float]:
    return pair.perceptual_distance, -pair.cosine


if __name__ == "__main__":
    tool(main)()
