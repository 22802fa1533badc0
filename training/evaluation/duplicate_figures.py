"""How well duplicate photos are recognised; the thresholds of recommenders.copies come from this.

Photos are changed as people's phones and messengers do (smaller, JPEG of low quality, brighter,
cropped), and every copy is looked up among all the photos, the way the bot looks one up. Photos
whose colours are changed are looked up too: those are other photos. Three figures matter: copies
found, recoloured photos taken for their own, and different photos taken for the same one.

    python -m training.evaluation.duplicate_figures FOLDER... [--sample 1000]
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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
from recommenders.arrays import Floats
from recommenders.backbones.backbone import load_backbone
from recommenders.copies import Hashes
from recommenders.photos import PhotoError, decode
from training.datasets.format import DatasetError
from training.datasets.importing.duplicates import Views
from training.evaluation.photo_changes import (
    BLUE_PATCH,
    COPIES,
    RECOLOURED,
    RED_PATCH,
    with_a_patch,
)
from training.features.compute import batches
from training.progress import Progress, silent
from training.terminal import WEIGHTS_DIR, WeightsDir, reporting, tool

Features = Callable[[Sequence[Image.Image]], Floats]
"""RGB photos to (n, d) features, such as ``Backbone.features``."""

_BATCH = 32
_LISTED = 10
"""Photos that are listed before the rest is only counted."""


@dataclass(frozen=True)
class Fingerprints:
    """The fingerprints of n photos.

    Attributes:
        hashes: of each.
        features: (n, d) float16, as they are stored; NaN where they were not computed.
    """

    hashes: Sequence[Hashes]
    features: NDArray[np.float16]


@dataclass(frozen=True)
class Survey:
    """Photos, and the fingerprints of each and of the changed ones.

    Attributes:
        originals: row by row.
        sample: (m,) the rows of those that were changed.
        changed: of the changed photos, m for each change, by its name.
        patched: photos of the sample that count as the same with a red and with a blue patch.
    """

    photos: tuple[Path, ...]
    originals: Fingerprints
    sample: NDArray[np.intp]
    changed: Mapping[str, Fingerprints]
    patched: int = 0


@dataclass(frozen=True)
class Pair:
    """Two photos that are as near as a photo and its copy.

    Attributes:
        distance, perceptual_distance: bits in which the average and perceptual hashes differ.
        cosine: of the features; NaN where they were not computed.
    """

    first: Path
    second: Path
    distance: int
    perceptual_distance: int
    cosine: float

    def __str__(self) -> str:
        return f"{self.first}  {self.second}  ({self.distance} bits, cosine {self.cosine:.3f})"


@dataclass(frozen=True)
class LookUps:
    """The outcome of looking changed photos up.

    Attributes:
        found: how many matched their own photo best.
        missed: photos whose changed copy matched nothing.
        mistaken: the changed photo, and the other photo that it matched best.
    """

    found: int
    missed: tuple[Path, ...]
    mistaken: tuple[Pair, ...]

    @property
    def share(self) -> float:
        """Found of all, 0 to 1."""
        photos = self.found + len(self.missed) + len(self.mistaken)
        return self.found / photos if photos else 0.0


@dataclass(frozen=True)
class Figures:
    """The outcome of the thresholds on a survey.

    Attributes:
        photos: how many there are.
        changed: by name of the change.
        false_pairs: different photos that count as the same, the most alike first.
        proposed_pairs: different photos whose average hashes alone are near enough.
        max_candidates: the most photos that one look-up compared.
    """

    photos: int
    changed: Mapping[str, LookUps]
    false_pairs: tuple[Pair, ...]
    proposed_pairs: int
    max_candidates: int


def survey(
    photos: Sequence[Path],
    features: Features,
    progress: Progress = silent,
    *,
    sample: int | None = None,
) -> Survey:
    """Fingerprints of all photos and of changed ones.

    Args:
        sample: so many are changed, and only their features computed; all where None.

    Raises:
        DatasetError: names a file that is no photo.
    """
    rows = np.unique(np.linspace(0, len(photos) - 1, min(sample or len(photos), len(photos))))
    chosen = rows.astype(np.intp) if len(photos) else np.zeros(0, np.intp)
    among = set(chosen.tolist())
    hashes: list[Hashes] = []
    vectors: dict[int, NDArray[np.float16]] = {}
    changed: dict[str, list[tuple[Hashes, NDArray[np.float16]]]] = {
        name: [] for name in (*COPIES, *RECOLOURED)
    }
    patched = 0
    for batch in batches(len(photos), _BATCH):
        pictures = [_read(path) for path in photos[batch]]
        hashes += [copies.hashes(upright) for upright, _ in pictures]
        start = batch.start or 0
        taken = [index for index in range(len(pictures)) if start + index in among]
        computed = _hashed([pictures[index][0] for index in taken], features)
        vectors |= {start + index: row for index, (_, row) in zip(taken, computed, strict=True)}
        whole = [pictures[index][1] for index in taken]
        for name, change in chain(COPIES.items(), RECOLOURED.items()):
            changed[name] += _hashed([change(photo) for photo in whole], features)
        patched += sum(_patches_pass(photo) for photo in whole)
        progress("Looking", batch.stop, len(photos))
    dims = len(next(iter(vectors.values()))) if vectors else 0
    known = np.full((len(photos), dims), np.nan, np.float16)
    for row, vector in vectors.items():
        known[row] = vector
    return Survey(
        tuple(photos),
        Fingerprints(hashes, known),
        chosen,
        {name: _stacked(these) for name, these in changed.items()},
        patched,
    )


def measure(
    survey: Survey,
    *,
    max_distance: int = copies.MAX_DISTANCE,
    limits: copies.Limits = copies.LIMITS,
    min_cosine: float = copies.MIN_COSINE,
) -> Figures:
    """Looks every changed photo up among the photos, and every photo among the others.

    The thresholds are the bot's own unless others are to be tried.
    """
    originals, photos = survey.originals, survey.photos
    whole = Views.of(originals.hashes)
    inner = Views.of([one.cropped or one for one in originals.hashes])
    compared = 0

    def alike(
        one: Hashes, vector: NDArray[np.float16], name: Path, limit: int
    ) -> Iterator[list[Pair]]:
        """The photos that count as the same, view by view, the most alike first."""
        nonlocal compared
        for view, among_cropped, either in copies.looked_up(one):
            index = inner if among_cropped else whole
            near = copies.nearest(
                view.average, index.average, max_distance=max_distance, limit=limit
            )
            compared = max(compared, min(len(near), copies.MAX_CANDIDATES))
            bits = copies.confirmed(
                view, index.perceptual[near], index.colours[near], cropped=either, limits=limits
            )
            pairs = []
            for row, different in bits.items():
                other = near[row]
                (cosine,) = copies.cosines(vector, originals.features[other][None])
                if not cosine < min_cosine:  # also true of NaN, where features were not computed
                    average = int(index.average[other]) % (1 << copies.BITS)  # unsigned
                    distance = copies.distance(view.average, average)
                    pairs.append(Pair(name, photos[other], distance, different, float(cosine)))
            yield sorted(pairs, key=_by_likeness)

    changed = {}
    for name, fingerprints in survey.changed.items():
        found = 0
        missed: list[Path] = []
        mistaken: list[Pair] = []
        for place, row in enumerate(survey.sample):
            one, vector = fingerprints.hashes[place], fingerprints.features[place]
            views = alike(one, vector, photos[row], copies.MAX_CANDIDATES)
            best = next((pairs[0] for pairs in views if pairs), None)
            if best is None:
                missed.append(photos[row])
            elif best.second == photos[row]:
                found += 1
            else:
                mistaken.append(best)
        changed[name] = LookUps(found, tuple(missed), tuple(mistaken))

    pairs: dict[frozenset[Path], Pair] = {}
    proposed = 0
    for row, path in enumerate(photos):
        one = originals.hashes[row]
        near = copies.nearest(
            one.average, whole.average, max_distance=max_distance, limit=len(photos)
        )
        proposed += int((near > row).sum())
        every = alike(one, originals.features[row], path, len(photos))
        for pair in chain.from_iterable(every):
            if pair.second != path:
                pairs.setdefault(frozenset((path, pair.second)), pair)
    return Figures(
        photos=len(photos),
        changed=changed,
        false_pairs=tuple(sorted(pairs.values(), key=_by_likeness)),
        proposed_pairs=proposed,
        max_candidates=compared,
    )


def main(
    folders: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER", exists=True, file_okay=False, show_default=False),
    ],
    backbone: Annotated[
        str, typer.Option(metavar="NAME", help="The backbone whose features confirm duplicates.")
    ] = "efficientnet_lite0",
    weights_dir: WeightsDir = WEIGHTS_DIR,
    sample: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="How many photos to change and look up.", show_default="all"
        ),
    ] = None,
) -> None:
    """Measure how well duplicates are recognised among the photos in folders."""
    paths = sorted({path for folder in folders for path in _photos_below(folder)})
    if not paths:
        raise DatasetError(f"There is no image in {' or '.join(map(str, folders))}.")
    features = load_backbone(backbone, weights_dir).features
    with reporting() as progress:
        surveyed = survey(paths, features, progress, sample=sample)
    figures = measure(surveyed)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right", style="bold")
    table.add_row("photos", f"{figures.photos:,}")
    table.add_row("of them changed and looked up", f"{len(surveyed.sample):,}")
    for name in COPIES:
        look_ups = figures.changed[name]
        table.add_row(f"copies found, {name}", f"{look_ups.found:,} ({look_ups.share:.2%})")
        table.add_row("… taken for another photo", f"{len(look_ups.mistaken):,}")
    for name in RECOLOURED:
        look_ups = figures.changed[name]
        table.add_row(
            f"taken for the original, {name}", f"{look_ups.found:,} ({look_ups.share:.2%})"
        )
    table.add_row("a red and a blue patch taken for the same", f"{surveyed.patched:,}")
    table.add_row("different photos taken for the same", f"{len(figures.false_pairs):,}")
    table.add_row("… by average hashes alone", f"{figures.proposed_pairs:,}")
    table.add_row("most photos compared in one look-up", f"{figures.max_candidates:,}")
    Console().print(table)
    for name in COPIES:
        _list(f"missed, {name}", figures.changed[name].missed)
        _list("taken for another photo", figures.changed[name].mistaken)
    _list("taken for the same", figures.false_pairs)


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
        raise DatasetError(f"{path}: {error}. Remove it from the folder.") from error
    with Image.open(path) as image:
        return decoded, ImageOps.exif_transpose(image).convert("RGB")


def _hashed(
    images: Sequence[Image.Image], features: Features
) -> list[tuple[Hashes, NDArray[np.float16]]]:
    if not images:
        return []
    rows = features(images).astype(np.float16)
    return [(copies.hashes(image), row) for image, row in zip(images, rows, strict=True)]


def _stacked(rows: Sequence[tuple[Hashes, NDArray[np.float16]]]) -> Fingerprints:
    return Fingerprints(
        [hashes for hashes, _ in rows], np.array([features for _, features in rows], np.float16)
    )


def _patches_pass(photo: Image.Image) -> bool:
    """Whether the photo with a red patch counts as the same as with a blue one."""
    red, blue = (copies.hashes(with_a_patch(photo, colour)) for colour in (RED_PATCH, BLUE_PATCH))
    return bool(Views.of([blue]).alike(red, cropped=False))


def _by_likeness(pair: Pair) -> tuple[int, float]:
    return pair.perceptual_distance, -pair.cosine


if __name__ == "__main__":
    tool(main)()
