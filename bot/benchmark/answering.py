"""From photo to hashtags, step by step, and how many photos a second."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from bot.benchmark.plain import NEIGHBOURS, EagerNetwork, PlainAnswers, decoded, scanned
from bot.benchmark.rows import Clock, Figure, Row, compared
from bot.photo_answers import PhotoAnswers
from recommenders.als_fit import read_als
from recommenders.answers import AnswerRequest
from recommenders.arrays import Floats
from recommenders.backbones import weights
from recommenders.backbones.backbone import load_backbone
from recommenders.backbones.registry import LITE, names_of
from recommenders.bundle import Bundle
from recommenders.engine import Engine
from recommenders.machine import photos_at_once
from recommenders.nearest import PhotoIndex, nearest
from recommenders.photos import decode

SECTION = "answering"
AT_A_TIME = (1, 2, 8)
"""Photos that arrive together; as many are computed in parallel as in the bot."""

_TORCHVISION = ("mobilenet_v2", "resnet50")
"""Measured if their weights are in place."""


@dataclass(frozen=True)
class Photo:
    """The inputs of the steps for one photo."""

    data: bytes
    image: Image.Image
    features: Mapping[str, Floats]


def measure(
    engine: Engine,
    bundle: Bundle,
    weights_dir: Path,
    photos: Sequence[bytes],
    rounds: int,
) -> Iterator[Row]:
    """A row for each step, for all steps together, and for several photos at a time.

    Args:
        rounds: how many times each is repeated, cycling through the photos.
    """
    plain = PlainAnswers(bundle, weights_dir)
    answers = PhotoAnswers(engine)
    request = answers.request()
    turns = list(islice(cycle(_prepared(engine, photos)), rounds))

    def plain_ranking(photo: Photo) -> object:
        return plain.hashtags({name: rows[0] for name, rows in photo.features.items()})

    yield compared(
        SECTION,
        "decode",
        turns,
        lambda photo: decode(photo.data, engine.working_side),
        lambda photo: decoded(photo.data),
    )
    for name in _backbones(bundle, weights_dir):
        yield _features(name, weights_dir, turns)
    yield from _neighbours(bundle, turns)
    yield compared(
        SECTION,
        "ranking",
        turns,
        lambda photo: engine.answer(photo.features, request),
        plain_ranking,
        "neighbours and all models",
    )
    yield compared(
        SECTION,
        "photo to hashtags",
        turns,
        lambda photo: answers.answer("", photo.data, request),
        lambda photo: plain.answer(photo.data),
        f"{request.backend} of {engine.model}",
    )
    yield from _photos_a_second(turns, answers, request, plain)


def _prepared(engine: Engine, photos: Sequence[bytes]) -> list[Photo]:
    prepared = []
    for data in photos:
        image = decode(data, engine.working_side)
        prepared.append(Photo(data, image, engine.features([image], engine.all_backbones)))
    return prepared


def _backbones(bundle: Bundle, weights_dir: Path) -> list[str]:
    of_bundle = [one for name in bundle.backbones for one in names_of(name)]
    others = [name for name in (*LITE, *_TORCHVISION) if weights.find(name, weights_dir)]
    return list(dict.fromkeys([*of_bundle, *others]))


def _features(name: str, weights_dir: Path, turns: Sequence[Photo]) -> Row:
    backbone, network = load_backbone(name, weights_dir), EagerNetwork(name, weights_dir)
    pixels = backbone.view.pixels
    return compared(
        SECTION,
        f"features, {name}",
        turns,
        lambda photo: backbone.features_of_pixels(pixels(photo.image)[None]),
        lambda photo: network(pixels(photo.image)),
        "of the same decoded photo",
    )


def _neighbours(bundle: Bundle, turns: Sequence[Photo]) -> Iterator[Row]:
    if "als" not in bundle.arrays:
        return
    als = read_als(bundle)
    known = als.photos
    queries = [als.space.project(photo.features[als.backbone]) for photo in turns]
    if isinstance(known, PhotoIndex):
        return  # its vectors cannot be scanned; ``growth`` measures indices
    yield compared(
        SECTION,
        "neighbours",
        queries,
        lambda query: nearest(query, known, NEIGHBOURS),
        lambda query: scanned(query[0], known),
        f"{NEIGHBOURS} of {len(known):,} photos",
    )


def _photos_a_second(
    turns: Sequence[Photo], answers: PhotoAnswers, request: AnswerRequest, plain: PlainAnswers
) -> Iterator[Row]:
    def answer(photo: Photo) -> object:
        return answers.answer("", photo.data, request)

    plainly = Clock()
    with plainly.running():
        for photo in turns:
            plain.answer(photo.data)
    for many in AT_A_TIME:
        clock = Clock()
        with ThreadPoolExecutor(min(many, photos_at_once())) as pool, clock.running():
            for start in range(0, len(turns), many):
                list(pool.map(answer, turns[start : start + many]))
        ours = _a_second(clock, len(turns))
        yield Row(SECTION, f"{many} at a time", "photos/s", ours, _a_second(plainly, len(turns)))


def _a_second(clock: Clock, photos: int) -> Figure:
    return Figure(photos / clock.wall[0], cpu=1000 * clock.cpu[0] / photos)
