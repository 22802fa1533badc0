"""Small bundles to test with: real weights, and numbers drawn by a seed."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders import bundle as bundles
from recommenders.backbones import weights
from recommenders.backbones.registry import dims
from recommenders.bundle import Bundle

BACKBONE = "efficientnet_lite0"

HASHTAGS = [
    *("dog", "dogs", "dogsofinstagram", "puppy", "cat", "catsofinstagram", "beach", "sea"),
    *("ocean", "sunset", "sunsetlovers", "sky", "clouds", "snow", "winter", "mountains"),
    *("hiking", "forest", "flowers", "garden", "wedding", "bride", "family", "kids"),
    *("city", "streetphotography", "architecture", "bridge", "night", "coffee", "foodie", "pizza"),
    *("море", "закат", "café", "日本", "football", "running", "bike", "music"),
]


def tiny_bundle(
    path: Path,
    *,
    model: str = "tiny-1",
    w2v: str | None = None,
    weights_dir: Path | None = None,
    knowledge: bool = False,
    preferred_mix: str | None = None,
    hashtags: list[str] | None = None,
    seed: int = 0,
) -> Path:
    """Writes a bundle that answers every photo with some of ``hashtags``; returns ``path``.

    Args:
        w2v: the backbone of a Word2Vec backend, which with ALS makes ``both``; none unless given.
        weights_dir: where that backbone's weights are, as for ``Engine.load``.
        knowledge: whether it knows similar hashtags (of the one model ``skipgram``) and two
            categories: the first half of the vocabulary and the second.
        preferred_mix: of sizes, that a new chat gets where the bundle has ``knowledge``.
        hashtags: the vocabulary, canonical; everyday ones unless given.
        seed: of its arrays. The same seed gives the same bundle.
    """
    tags = HASHTAGS if hashtags is None else hashtags
    draw = np.random.default_rng(seed)
    size, components, photos, factors, vector = dims(BACKBONE), 16, 60, 8, 12

    def normal(*shape: int) -> NDArray[np.float32]:
        return draw.standard_normal(shape, dtype=np.float32)

    near = normal(photos, components)
    arrays: dict[str, dict[str, NDArray[Any]]] = {
        "als": {
            "mean": normal(size),
            "components": normal(components, size) / np.float32(np.sqrt(size)),
            "photos": near / np.linalg.norm(near, axis=1, keepdims=True),
            # Not negative, so that every hashtag is relevant to some degree.
            "photo_factors": np.abs(normal(photos, factors)),
            "hashtag_factors": np.abs(normal(len(tags), factors)) / factors,
        },
        "ranking": {
            "popularity": draw.uniform(0.001, 0.2, len(tags)).astype(np.float32),
            "rating": draw.uniform(0.1, 1.0, len(tags)).astype(np.float32),
        },
    }
    settings: dict[str, dict[str, Any]] = {
        "als": {"backbone": BACKBONE, "neighbours": 10, "popularity_exponent": 0.35},
        "ranking": {"default_backend": "als"},
    }
    backbones = {BACKBONE: _digest(BACKBONE, weights_dir)}
    if w2v is not None:
        backbones[w2v] = _digest(w2v, weights_dir)
        arrays["w2v"] = {
            "weight1": normal(20, dims(w2v)) / np.float32(np.sqrt(dims(w2v))),
            "bias1": normal(20),
            "weight2": normal(vector, 20),
            "bias2": normal(vector),
            "vectors": normal(len(tags), vector),
            "prior": np.log(arrays["ranking"]["popularity"]),
        }
        settings["w2v"] = {
            "backbone": w2v,
            "scale": 6.0,
            "hashtags_per_post": 5.0,
            "popularity_exponent": 0.35,
        }
        settings["both"] = {"als_weight": 0.5, "popularity_exponent": 0.35}
    if knowledge:
        settings["knowledge"], arrays["knowledge"] = _knowledge(tags, draw)
        settings["knowledge"]["preferred_mix"] = preferred_mix
    bundles.save(Bundle(model, list(tags), backbones, settings, arrays), path)
    return path


def _knowledge(
    tags: list[str], draw: np.random.Generator
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    count, near = len(tags), 20
    half = np.arange(count) >= count // 2
    following = (np.arange(count)[:, None] + np.arange(1, near + 1)) % count
    cosines = np.sort(draw.uniform(0.1, 0.9, (count, near)), axis=1)[:, ::-1]
    settings = {
        "models": ["skipgram"],
        "categories": [
            {"name": "_".join(part[:3]), "leaders": part[:3], "posts": 30 - 10 * number}
            for number, part in enumerate((tags[: count // 2], tags[count // 2 :]))
        ],
        "silhouette": {},
        "preferred_mix": None,
    }
    arrays: dict[str, NDArray[Any]] = {
        "category_of": half.astype(np.int32),
        "category_weight": np.linspace(1, 0, count, dtype=np.float32),
        "size": draw.integers(0, 3, count).astype(np.int8),
        "median_likes": draw.uniform(0, 500, count).astype(np.float32),
        "skipgram_indices": following.astype(np.int32),
        "skipgram_cosines": cosines.astype(np.float16),
    }
    return settings, arrays


def _digest(backbone: str, weights_dir: Path | None) -> str:
    return weights.sha256(weights.require(backbone, weights_dir))
