"""A small fast engine that knows colours, photos for it, and reading its answers in the chat."""

import io
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders.engine import Engine, Hashtag
from recommenders.explaining import KnownPhoto, Reason, SeenClass
from recommenders.knowledge import Knowledge

COLOURS = {"red": (200, 30, 30), "green": (30, 170, 40), "blue": (30, 50, 200)}


class ColourEngine:
    """Answers a red photo with #red1 #red2 … (als) or #reddish1 #reddish2 … (w2v), in no time.

    Features are the mean colour and a small picture of the brightness, so that copies of a photo
    are alike and different photos are not.
    """

    model = "colours-1"
    min_side = 224
    confirm_backbone = "eye"

    def __init__(self, backends: tuple[str, ...] = ("als", "w2v", "both")) -> None:
        self.backends = backends
        self.default_backend = backends[0]
        self.backbones = dict.fromkeys(backends, ("eye",))
        self.per_colour = 40
        self.hashtags = [
            f"{colour}{kind}{number}"
            for kind in ("", "dish")
            for colour in COLOURS
            for number in range(1, self.per_colour + 1)
        ]
        self.photos_seen = 0
        self.taught: str | None = None
        self.knowledge: Knowledge | None = None
        self.rated = False
        self.sizes: list[tuple[int, int]] = []

    def knows(self, tag: str) -> bool:
        return tag in self.hashtags

    def features(
        self, photos: Sequence[Image.Image], backbones: Iterable[str]
    ) -> dict[str, NDArray[np.float32]]:
        self.photos_seen += len(photos)
        self.sizes += [photo.size for photo in photos]
        rows = []
        for photo in photos:
            colour = np.asarray(photo.resize((1, 1), Image.Resampling.BOX), np.float32)[0, 0]
            grey = np.asarray(photo.convert("L").resize((8, 8), Image.Resampling.BOX), np.float32)
            rows.append(np.concatenate([colour - colour.mean(), (grey - grey.mean()).ravel()]))
        return {name: np.stack(rows) for name in backbones}

    def learn(self, photos: Mapping[Hashable, Any]) -> None:
        """Teaching is tested with the real engine."""

    def recommend(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        *,
        top: int = 10,
        style: str = "balanced",
        skip: Collection[str] = (),
    ) -> list[list[Hashtag]]:
        kinds = {"als": ("",), "w2v": ("dish",), "both": ("", "dish")}[backend]
        answers = []
        for row in features["eye"]:
            near = {
                name: float(row[:3] @ (np.array(rgb, np.float32) - np.mean(rgb)))
                for name, rgb in COLOURS.items()
            }
            scale = max(near.values()) or 1.0
            scored = [
                Hashtag(f"{colour}{kind}{number}", near[colour] / scale - number / 1000)
                for kind in kinds
                for colour in COLOURS
                for number in range(1, self.per_colour + 1)
            ]
            if self.taught:
                scored.append(Hashtag(self.taught, 2.0))
            scored = [hashtag for hashtag in scored if hashtag.tag not in skip]
            answers.append(sorted(scored, key=lambda hashtag: -hashtag.score)[:top])
        return answers

    default_mix = property(Engine.default_mix.fget)
    answer = Engine.answer

    def explain(
        self,
        features: Mapping[str, NDArray[np.floating]],
        backend: str,
        hashtags: Sequence[str],
        *,
        skip: Collection[str] = (),
    ) -> list[Reason]:
        """By als one known photo is like it; the others see a colour."""
        told = tuple(tag for tag in ("palette", "paint") if tag not in skip)
        known = (KnownPhoto(told, 0.81),) if backend != "w2v" else ()
        seen = (SeenClass("fountain pen", 0.62),) if backend != "als" else ()
        return [Reason(tag, len(known), known, seen) for tag in hashtags]


def picture(colour: str = "red", seed: int = 0, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A photo of mostly one colour; another ``seed`` is another photo."""
    random = np.random.default_rng(seed)
    noise = sum(
        np.kron(random.integers(-25, 25, (cells, cells)), np.ones((32 // cells, 32 // cells)))
        for cells in (4, 8, 16, 32)
    )
    pixels = np.clip(np.array(COLOURS[colour]) + noise[..., None], 0, 255).astype(np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def jpeg(colour: str = "red", seed: int = 0, size: tuple[int, int] = (640, 480)) -> bytes:
    return encoded(picture(colour, seed, size), quality=90)


def hashtags(message: dict[str, Any]) -> list[str]:
    return [word for word in message["text"].split() if word.startswith("#")]


def labels(message: dict[str, Any]) -> list[str]:
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


def button(message: dict[str, Any], label: str) -> dict[str, Any]:
    rows = message["reply_markup"]["inline_keyboard"]
    return next(button for row in rows for button in row if button["text"] == label)
