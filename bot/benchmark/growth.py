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
from recommenders.als_fit import FittedAls
from recommenders.arrays import Floats, unit
from recommenders.bundle import Bundle
from recommenders.bundle_parts import read_als
from recommenders.engine import Engine
from recommenders.nearest import SCANNED, KnownPhotos, PhotoIndex, PhotoIndexError, nearest
from training.evaluation.report.charts import Line, line_chart

SECTION = "growth"

_STEPS = ("features", "ranking", "neighbours", "exact scan")
_NOISE = 0.3
"""The share of noise in a drawn vector. With this much an index finds as many of the true
neighbours among 19,000 drawn photos as among the starter's own: 99.4 and 99.5 %."""
_BLOCK = 50_000
_OTHERS = 5_000

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
    """Measures with each of ``sizes`` known photos, drawn between the bundle's own.

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
        # An index does not return its vectors: use random ones of as many dimensions.
        shape = (_OTHERS, own.shape[1])
        own = unit(np.random.default_rng(0).standard_normal(shape, np.float32))
    for size in sizes:
        doing(f"{size:,} photos")
        yield _measured(engine, als, own, list(islice(cycle(photos), rounds)), size)


def _measured(
    engine: Engine, als: FittedAls, own: Floats, photos: Sequence[Image.Image], size: int
) -> Growth:
    draw = np.random.default_rng(size)
    blocks = (min(_BLOCK, size - start) for start in range(0, size, _BLOCK))
    vectors = np.concatenate([drawn(own, count, draw) for count in blocks])
    queries = list(drawn(own, len(photos), draw)[:, None])
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


def drawn(own: Floats, count: int, draw: np.random.Generator) -> Floats:
    """Random unit vectors (count, d), each between two of the bundle's photos, with noise."""
    first, second = own[draw.integers(0, len(own), (2, count))]
    share = draw.random((count, 1), np.float32)
    noise = unit(draw.standard_normal(first.shape, np.float32))
    return unit(unit(first * share + second * (1 - share)) + np.float32(_NOISE) * noise)


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
