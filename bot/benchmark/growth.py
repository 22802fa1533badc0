"""How an answer's steps grow with the number of known photos, and the recall of an index."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from math import log10
from time import perf_counter

import numpy as np
from PIL import Image

from bot.benchmark.plain import NEIGHBOURS, scanned
from bot.benchmark.rows import Figure, Row, timed
from recommenders.als import AlsRecommender
from recommenders.als_fit import FittedAls, read_als
from recommenders.arrays import Floats, unit
from recommenders.bundle import Bundle
from recommenders.engine import Engine
from recommenders.nearest import SCANNED, KnownPhotos, PhotoIndex, PhotoIndexError, nearest
from training.evaluation.report.charts import Line, line_chart

SECTION = "growth"

_STEPS = ("features", "ranking", "neighbours", "exact scan")
_MIXED, _OF_NEAREST, _NOISE = 3, 20, 0.7
"""How a photo is drawn: see ``DrawnPhotos``."""
_BLOCK = 50_000
_INDEXED = 18_000
"""The most photos of an index that others are drawn like."""

_STYLE = (
    "svg{background:#fff}text{font:12px system-ui,sans-serif;fill:#444}.grid{stroke:#ddd}"
    ".line{fill:none;stroke:#888;stroke-width:2}.dot{fill:#888}"
    ".line-features{stroke:#2a9d8f}.dot-features{fill:#2a9d8f}"
    ".line-ranking{stroke:#8a5cd6}.dot-ranking{fill:#8a5cd6}"
    ".line-neighbours{stroke:#d1495b}.dot-neighbours{fill:#d1495b}"
)


@dataclass(frozen=True)
class Growth:
    """The steps of an answer with ``photos`` known, and their table rows.

    Attributes:
        steps: CPU milliseconds, by ``_STEPS``.
    """

    photos: int
    steps: dict[str, float]
    rows: list[Row]


def measure(
    engine: Engine,
    bundle: Bundle,
    photos: Sequence[Image.Image],
    sizes: Sequence[int],
    rounds: int,
    doing: Callable[[str], None],
) -> Iterator[Growth]:
    """Measures with each of ``sizes`` known photos, drawn like the bundle's own.

    Args:
        photos: whose features are computed.

    Yields:
        Nothing where the bundle has no ALS, the only backend with neighbours.
    """
    if "als" not in bundle.arrays:
        return
    als = read_als(bundle)
    own = als.photos
    if isinstance(own, PhotoIndex):
        own = own.vectors(np.random.default_rng(0).permutation(len(own))[:_INDEXED])
    drawn = DrawnPhotos(own)
    for size in sizes:
        doing(f"{size:,} photos")
        yield _measured(engine, als, drawn, list(islice(cycle(photos), rounds)), size)


class DrawnPhotos:
    """Random photos like those of a bundle, as many as are wanted.

    Each is a random mean of one of its photos and three of that one's twenty nearest, with noise of
    0.7 times the spread of each dimension. Among 18,000 of the real photos that the starter learnt
    from, the 1st, 5th and 50th nearest have cosines of 0.56, 0.45 and 0.29, and the local intrinsic
    dimension (Levina & Bickel 2004) is 20. Among as many drawn ones it is 0.58, 0.46 and 0.30, and
    20, as among 288,000. Between two random photos the dimension falls to 6: such photos lie in
    clumps, unlike real ones.

    Args:
        own: unit vectors (N, d).
    """

    def __init__(self, own: Floats) -> None:
        self._own = own
        near = min(_OF_NEAREST + 1, len(own))
        self._near, _ = nearest(own, own, near)  # the first is the photo itself
        self._spread = _NOISE * own.std(axis=0)

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """``count`` unit vectors (count, d)."""
        return np.concatenate(
            [self._block(min(_BLOCK, count - start), random) for start in range(0, count, _BLOCK)]
        )

    def _block(self, count: int, random: np.random.Generator) -> Floats:
        near = self._near[random.integers(0, len(self._own), count)]
        others = random.permuted(near[:, 1:], axis=1)[:, :_MIXED]
        mixed = np.concatenate([near[:, :1], others], axis=1)
        shares = random.dirichlet([1.0] * mixed.shape[1], count).astype(np.float32)
        means = np.zeros((count, self._own.shape[1]), np.float32)
        for share, rows in zip(shares.T, mixed.T, strict=True):
            means += share[:, None] * self._own[rows]
        noise = random.standard_normal(means.shape, np.float32)
        return unit(unit(means) + self._spread * noise)


def _measured(
    engine: Engine, als: FittedAls, drawn: DrawnPhotos, photos: Sequence[Image.Image], size: int
) -> Growth:
    random = np.random.default_rng(size)
    vectors = drawn.draw(size, random)
    queries = list(drawn.draw(len(photos), random)[:, None])
    known, held, built, note = _known(vectors)
    factors = np.broadcast_to(als.photo_factors[0], (size, als.photo_factors.shape[1]))
    recommender = AlsRecommender(replace(als, photos=known, photo_factors=factors))
    [of_photo] = timed(photos, lambda photo: engine.features([photo], [als.backbone]))
    features = [engine.features([photo], [als.backbone])[als.backbone] for photo in photos]
    near, scan = timed(
        queries,
        lambda query: nearest(query, known, NEIGHBOURS),
        lambda query: scanned(query[0], vectors),
    )
    both, alone = timed(
        features,
        lambda rows: recommender.scores(rows)[0].argsort(),
        lambda rows: nearest(als.space.project(rows), known, NEIGHBOURS),
    )
    recall = np.mean(
        [
            len({*nearest(query, known, NEIGHBOURS)[0][0]} & {*scanned(query[0], vectors)})
            for query in queries
        ]
    ) / min(NEIGHBOURS, size)
    halves = f"{held / (vectors.size * 2 / 2**20):.2f} of float16"
    name = f"{size:,} photos"
    rows = [
        Row(SECTION, f"neighbours of {name}", "ms", near, scan, note),
        Row(SECTION, f"recall@{NEIGHBOURS} of {name}", "recall", Figure(float(recall)), Figure(1)),
        Row(
            SECTION, f"memory of {name}", "MB", Figure(held), Figure(vectors.nbytes / 2**20), halves
        ),
    ]
    if built is not None:
        rows.append(Row(SECTION, f"index of {name}, built", "s", Figure(built)))
    ranking = max((both.cpu or 0) - (alone.cpu or 0), 0)
    steps = (of_photo.cpu or 0, ranking, near.cpu or 0, scan.cpu or 0)
    return Growth(size, dict(zip(_STEPS, steps, strict=True)), rows)


def _known(vectors: Floats) -> tuple[KnownPhotos, float, float | None, str]:
    """Known photos as in a bundle: vectors or an index, megabytes, seconds to build, a note."""
    scanned_megabytes = vectors.nbytes / 2**20
    if len(vectors) <= SCANNED:
        return vectors, scanned_megabytes, None, "scanned"
    started = perf_counter()
    try:
        stored = PhotoIndex.build(vectors)
    except PhotoIndexError:
        return vectors, scanned_megabytes, None, "scanned: usearch is not installed"
    return PhotoIndex(stored), stored.nbytes / 2**20, perf_counter() - started, "by an index"


def svg(growth: Sequence[Growth]) -> str:
    """A chart of the steps by how many photos are known."""
    lines = [
        Line(
            step,
            [(log10(one.photos), one.steps[step], f"{one.steps[step]:.2f} ms") for one in growth],
        )
        for step in _STEPS
    ]
    chart = line_chart(
        lines, "known photos, as a power of ten", "milliseconds of the processor", whole_x=True
    )
    opened, rest = chart.split(">", 1)
    opened = opened.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    heading = '<text x="40" y="11">milliseconds of the processor</text>'
    return f"{opened}><style>{_STYLE}</style>{heading}{rest}\n"
