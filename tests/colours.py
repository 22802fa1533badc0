"""A small world that a real engine knows at once: photos of one colour, and a bundle about them.

Everything is real but the network, which averages pixels instead of looking at them.
"""

import asyncio
import io
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders.backbones.backbone import Backbone
from recommenders.backbones.registry import dims
from recommenders.backends import BACKENDS
from recommenders.bundle import Bundle
from recommenders.engine import Engine
from recommenders.explaining import class_names
from recommenders.nearest import PhotoSpace

Floats = NDArray[np.float32]

COLOURS = {"red": (200, 30, 30), "green": (30, 170, 40), "blue": (30, 50, 200)}
CLASSES = {"red": "fire engine", "green": "green snake", "blue": "jean"}
"""What the toy classifier sees in a photo of a colour."""

BACKBONE = "efficientnet_lite0"

TOOLS = ("palette", "paint", "brush")
"""Each colour has a known photo with each of them, beside the hashtags of its colour."""

_CELLS = 64
"""Of the grid, 8 by 8, over which the network averages each channel."""


def picture(colour: str = "red", seed: int = 0, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A photo of mostly one colour; another ``seed`` is another photo."""
    random = np.random.default_rng(seed)
    noise = np.zeros((32, 32, 1))
    for cells in (4, 8, 16, 32):
        block = np.ones((32 // cells, 32 // cells))
        noise[..., 0] += np.kron(random.integers(-25, 25, (cells, cells)), block)
    pixels = np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    """The bytes of an image file."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


@cache
def jpeg(colour: str = "red", seed: int = 0, size: tuple[int, int] = (320, 240)) -> bytes:
    """``picture`` as a JPEG file."""
    return encoded(picture(colour, seed, size), quality=90)


class Pause:
    """Holds up whoever calls it until it may go on."""

    def __init__(self) -> None:
        self._reached, self._over = threading.Event(), threading.Event()

    def __call__(self) -> None:
        self._reached.set()
        self._over.wait(120)

    async def reached(self) -> None:
        """Waits until somebody is held up."""
        if not await asyncio.to_thread(self._reached.wait, 120):
            raise TimeoutError

    def end(self) -> None:
        """Lets everybody go on."""
        self._over.set()


class ColourNetwork:
    """Gives the mean of each channel in each cell of a grid, padded to a backbone's length.

    Attributes:
        photos: how many it has computed.
        before_photo: called before each batch, in the thread that computes; it may wait or raise.
    """

    on_gpu = False

    def __init__(self) -> None:
        self.photos = 0
        self.before_photo: Callable[[], object] = lambda: None

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        self.before_photo()
        self.photos += len(pixels)
        size = pixels.shape[1] // 8
        scaled = (pixels.astype(np.float32) - 127) / 128
        cells = scaled.reshape(len(pixels), 8, size, 8, size, 3).mean(axis=(2, 4))
        rows = cells.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
        return np.pad(rows, ((0, 0), (0, dims(BACKBONE) - rows.shape[1])))


def colour_engine(bundle: Bundle | None = None, network: ColourNetwork | None = None) -> Engine:
    """The engine of a bundle of ``colour_bundle``, over the toy network."""
    bundle = bundle or _usual_bundle()
    network = network or ColourNetwork()
    return Engine(
        bundle,
        {name: Backbone(name, network, digest, None) for name, digest in bundle.backbones.items()},
    )


def colour_bundle(
    *,
    per_colour: int = 40,
    backends: tuple[str, ...] = BACKENDS,
    backbone: str = BACKBONE,
    rated: bool = False,
    knowledge: bool = False,
    preferred_mix: str | None = None,
    dishes: tuple[str, str, str] = ("dish1", "dish2", "dish3"),
) -> Bundle:
    """A bundle that answers a red photo with #red1 #red2 … (als) or #reddish1 #reddish2 … (w2v).

    Args:
        per_colour: how many hashtags of each kind a colour has.
        backends: ``("als",)`` leaves the others out.
        backbone: any whose features are as long as those of ``BACKBONE``.
        rated: whether hashtags have ratings by likes.
        knowledge: whether it knows similar hashtags, categories (of each colour, and of dishes)
            and sizes: of every three hashtags in a row one is niche, one middle and one broad.
        preferred_mix: of sizes, that a new chat gets where the bundle has ``knowledge``.
        dishes: hashtags that come with no photo and lead the category of dishes.
    """
    plain = [f"{colour}{number + 1}" for colour in COLOURS for number in range(per_colour)]
    dish = [f"{colour}dish{number + 1}" for colour in COLOURS for number in range(per_colour)]
    hashtags = [*plain, *dish, *dishes, *TOOLS]
    rating = np.ones(len(hashtags), np.float32)
    if rated:
        rating[::2] = 0.5
    arrays = {
        "als": _als(per_colour, len(hashtags)),
        "ranking": {"popularity": np.full(len(hashtags), 0.1, np.float32), "rating": rating},
    }
    settings: dict[str, dict[str, Any]] = {
        "als": {"backbone": backbone, "neighbours": len(TOOLS)},
        "both": {"als_weight": 0.5},
        "ranking": {"default_backend": "als"},
    }
    if "w2v" in backends:
        arrays["w2v"] = _w2v(per_colour, len(hashtags))
        settings["w2v"] = {
            "backbone": backbone,
            "classes": len(class_names()),
            "scale": 10.0,
            "hashtags_per_post": 5.0,
        }
    if knowledge:
        arrays["knowledge"], settings["knowledge"] = _knowledge(hashtags, per_colour, dishes)
        settings["knowledge"]["preferred_mix"] = preferred_mix
    return Bundle("colours-1", hashtags, {backbone: "of the toy network"}, settings, arrays)


@cache
def _usual_bundle() -> Bundle:
    return colour_bundle()


def _als(per_colour: int, hashtags: int) -> dict[str, NDArray[Any]]:
    """Known photos, with a factor for each colour and one for each tool."""
    count, tools = len(COLOURS), len(TOOLS)
    mean, components = np.zeros(dims(BACKBONE), np.float32), _components()
    photo_factors = np.concatenate(
        [np.repeat(np.eye(count), tools, axis=0), np.tile(np.eye(tools), (count, 1))], axis=1
    )
    hashtag_factors = np.zeros((hashtags, count + tools), np.float32)
    fitting = np.linspace(0.7, 0.1, per_colour)
    # A colour's hashtags are hardly relevant to the others, but they are.
    hashtag_factors[: count * per_colour, :count] = np.kron(
        np.full((count, count), 0.05) + 0.95 * np.eye(count), fitting[:, None]
    )
    hashtag_factors[-tools:, count:] = 0.9 * np.eye(tools)
    return {
        "mean": mean,
        "components": components,
        "photos": PhotoSpace(mean, components).project(_known_features()),
        "photo_factors": photo_factors.astype(np.float32),
        "hashtag_factors": hashtag_factors,
    }


def _w2v(per_colour: int, hashtags: int) -> dict[str, NDArray[Any]]:
    """A head that sees a class in each colour, and looks for vectors of the class's direction."""
    count, classes = len(COLOURS), len(class_names())
    columns = [class_names().index(name) for name in CLASSES.values()]
    weight1 = np.zeros((classes, dims(BACKBONE)), np.float32)
    weight1[columns] = 10 * _components()[:count]
    weight2 = np.zeros((count + 1, classes), np.float32)
    weight2[range(count), columns] = 1
    vectors = np.zeros((hashtags, count + 1), np.float32)
    vectors[:, count] = 1
    dish = slice(count * per_colour, 2 * count * per_colour)
    vectors[dish] = np.repeat(np.eye(count, count + 1), per_colour, axis=0)
    prior = np.full(hashtags, -6, np.float32)
    prior[dish] = np.tile(np.linspace(0, -2, per_colour), count)
    return {
        "weight1": weight1,
        "bias1": np.zeros(classes, np.float32),
        "weight2": weight2,
        "bias2": np.zeros(count + 1, np.float32),
        "vectors": vectors,
        "prior": prior,
    }


def _knowledge(
    hashtags: list[str], per_colour: int, dishes: tuple[str, ...]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Each hashtag is near the twelve after it."""
    count, near = len(hashtags), 12
    places = np.arange(count)
    arrays: dict[str, NDArray[Any]] = {
        "category_of": np.minimum(places // per_colour, len(COLOURS)).astype(np.int32),
        "category_weight": np.linspace(1, 0.1, count, dtype=np.float32),
        "size": (places % 3).astype(np.int8),
        "median_likes": np.full(count, np.nan, np.float32),
        "skipgram_indices": ((places[:, None] + np.arange(1, near + 1)) % count).astype(np.int32),
        "skipgram_cosines": np.tile(np.linspace(0.9, 0.35, near), (count, 1)).astype(np.float16),
    }
    leading = [tuple(f"{colour}{number}" for number in (1, 2, 3)) for colour in COLOURS]
    categories = [
        {"name": "_".join(names), "leaders": list(names), "posts": 9}
        for names in (*leading, dishes)
    ]
    return arrays, {"models": ["skipgram"], "categories": categories}


def _components() -> Floats:
    """How far each channel's mean is from grey, and a faint picture of the brightness.

    By the one photos of a colour are near each other, by the other they are not the same.
    """
    channels = np.kron(np.eye(3) - 1 / 3, np.full((1, _CELLS), 1 / _CELLS))
    brightness = np.tile(np.eye(_CELLS) - 1 / _CELLS, (1, 3)) / 3
    rows = np.concatenate([channels, 0.4 * brightness])
    return np.pad(rows, ((0, 0), (0, dims(BACKBONE) - rows.shape[1]))).astype(np.float32)


@cache
def _known_features() -> Floats:
    backbone = Backbone(BACKBONE, ColourNetwork(), "", None)
    return backbone.features(
        [picture(colour, 1_000 + number) for colour in COLOURS for number in range(len(TOOLS))]
    )
