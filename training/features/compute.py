"""Features of many photos, from the cache or computed.

A batch is stored as soon as it is computed, so an interrupted run resumes where it stopped.

One process per core computes what is not cached, or the GPU if there is one. On a CPU, features
depend neither on the process nor on the batch: every photo is computed by itself, on one thread. A
GPU's features differ from a CPU's in the last bits.
"""

import hashlib
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recommenders.backbones.backbone import Backbone
from recommenders.backbones.recipe import View
from recommenders.machine import cores
from recommenders.photos import WORKING_SIDE, PhotoError, decode
from training.datasets.format import DatasetError, Location, Problems
from training.features.cache import FeatureCache
from training.features.changes import AS_IT_IS, Change
from training.features.processes import ProcessEndedError, Work, run_jobs
from training.progress import Progress, silent

BATCH = 16
FEW = 512
"""Fewer photos than this are computed before other processes would have started."""

_FILES = 1024
"""Files read between two progress reports."""

Photos = list[tuple[int, Path]]
"""Photos' numbers and files."""

Loaded = tuple[bytes, NDArray[np.uint8] | None, str]
"""A photo's digest, its pixels for the network or None, and why there are none."""

Computed = list[tuple[int, bytes, NDArray[np.float16] | None, str]]
"""Each photo's number, digest, features (dims,) or None, and why there are none."""


def embed(
    paths: Sequence[Path],
    backbone: Backbone,
    cache_dir: Location,
    *,
    change: Change = AS_IT_IS,
    progress: Progress = silent,
    problems: Problems | None = None,
    processes: int | None = None,
) -> tuple[NDArray[np.float16], NDArray[np.bool_]]:
    """Features of photo files, from the cache where possible.

    Args:
        paths: photo files; a file may appear more than once.
        change: applied to the photos first.
        problems: counts photos that cannot be read.
        processes: None for one per core, where that is worth it.

    Returns:
        Features (n, dims) float16, zero where a photo could not be read, and (n,) bool which could.

    Raises:
        DatasetError: if computing was cut short; what was computed is in the cache.
    """
    problems = Problems() if problems is None else problems
    features = np.zeros((len(paths), backbone.dims), np.float16)
    readable = np.zeros(len(paths), np.bool_)
    reasons: dict[int, str] = {}
    missing: dict[bytes, list[int]] = {}
    doing = f"{backbone.name}{change}"

    def advance() -> None:
        progress(doing, int(readable.sum()) + len(reasons), len(paths))

    with closing(FeatureCache(Path(cache_dir), backbone, change)) as cache:
        for row, (digest, reason) in enumerate(_digests(paths)):
            if digest is None:
                reasons[row] = reason
            elif (cached := cache.get(digest)) is None:
                missing.setdefault(digest, []).append(row)
            else:
                features[row], readable[row] = cached, True
            if row % _FILES == 0:
                advance()
        rows_of = list(missing.values())
        photos = [(number, paths[rows[0]]) for number, rows in enumerate(rows_of)]

        def store(batch: Photos, computed: Computed) -> None:
            cache.put((digest, vector) for _, digest, vector, _ in computed if vector is not None)
            for number, _, vector, reason in computed:
                for row in rows_of[number]:
                    if vector is None:
                        reasons[row] = reason
                    else:
                        features[row], readable[row] = vector, True
            advance()

        try:
            _compute(photos, backbone, change, processes, store)
        except ProcessEndedError as error:
            raise DatasetError(
                f"A process computing features died ({error}), most likely because memory ran out. "
                f"{int(readable.sum()):,} of {len(paths):,} photos are done and kept: run the same "
                "command again to go on."
            ) from error
    advance()
    for row in sorted(reasons):
        problems.add(reasons[row], str(paths[row]))
    return features, readable


def _digests(paths: Sequence[Path]) -> Iterator[tuple[bytes, str] | tuple[None, str]]:
    """SHA-256 of every file, or why it cannot be read."""

    def digest(path: Path) -> tuple[bytes, str] | tuple[None, str]:
        try:
            return hashlib.sha256(path.read_bytes()).digest(), ""
        except OSError as error:
            return None, error.strerror or "cannot be opened"

    with ThreadPoolExecutor(2) as pool:
        for rows in batches(len(paths), _FILES):
            yield from pool.map(digest, paths[rows])


def _compute(
    photos: Photos,
    backbone: Backbone,
    change: Change,
    processes: int | None,
    store: Callable[[Photos, Computed], None],
) -> None:
    """Passes the photos' features to ``store``, a batch at a time and in no fixed order."""
    if not photos:
        return
    if processes is None:
        processes = 1 if backbone.on_gpu or len(photos) < FEW else cores()
    jobs = deque(photos[rows] for rows in batches(len(photos), BATCH))
    processes = min(processes, len(jobs))
    if processes == 1:
        run_jobs(_start_worker, (backbone, change, cores()), jobs, 1, store)
    else:
        run_jobs(_start_worker, (pickle.dumps(backbone), change, 1), jobs, processes, store)


def _start_worker(
    network: Backbone | bytes, change: Change, threads: int
) -> Work[Photos, None, Computed]:
    """The function that computes batches in one process, decoding on ``threads`` threads."""
    backbone: Backbone = pickle.loads(network) if isinstance(network, bytes) else network
    load = partial(_load, view=backbone.view, change=change)

    def compute(photos: Photos, _: object) -> Computed:
        with ThreadPoolExecutor(threads) as pool:
            loaded = list(pool.map(load, [path for _, path in photos]))
        vectors = features_of(loaded, backbone)
        return [
            (number, digest, vector, reason)
            for (number, _), vector, (digest, _, reason) in zip(
                photos, vectors, loaded, strict=True
            )
        ]

    return compute


def _load(path: Path, *, view: View, change: Change) -> Loaded:
    """Reads one file."""
    try:
        return loaded_from(path.read_bytes(), view=view, change=change)
    except OSError as error:
        return b"", None, error.strerror or "cannot be opened"


def loaded_from(content: bytes, *, view: View, change: Change) -> Loaded:
    """Decodes the content of a photo's file for the network."""
    try:
        photo = decode(content, max(WORKING_SIDE, view.shorter_side))
    except PhotoError as error:
        return b"", None, str(error)
    digest = hashlib.sha256(content).digest()
    return digest, change.pixels(photo, view, digest), ""


def features_of(loaded: Sequence[Loaded], backbone: Backbone) -> list[NDArray[np.float16] | None]:
    """Features (dims,) of each photo; None where there are no pixels."""
    pictures = [picture for _, picture, _ in loaded if picture is not None]
    vectors = iter(
        backbone.features_of_pixels(np.stack(pictures)).astype(np.float16) if pictures else ()
    )
    return [None if picture is None else next(vectors) for _, picture, _ in loaded]


def batches(total: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size`` that cover ``range(total)``."""
    for at in range(0, total, size):
        yield slice(at, min(at + size, total))
