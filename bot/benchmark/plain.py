"""A plain implementation of answering a photo, as in the published projects' code.

The photo is decoded at full size and squeezed into the network's square; torch runs eagerly, one
photo at a time on one thread; cosines with all known photos are sorted; the hashtags are those with
the largest dot products or cosines.

    python -m bot.benchmark.plain BUNDLE WEIGHTS_DIR PHOTO...
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from recommenders import bundle as bundles
from recommenders.als_fit import read_als
from recommenders.arrays import Floats
from recommenders.backbones import weights
from recommenders.backbones.backbone import join
from recommenders.backbones.network import Network
from recommenders.backbones.recipe import View
from recommenders.backbones.registry import names_of, recipe_of
from recommenders.bundle import Bundle
from recommenders.nearest import PhotoIndex
from recommenders.w2v import read_w2v

TOP = 10
NEIGHBOURS = 50


class EagerNetwork:
    """A backbone in eager torch: (side, side, 3) uint8 pixels to features (dims,)."""

    def __init__(self, name: str, weights_dir: Path | None) -> None:
        recipe = recipe_of(name)
        self.view: View = recipe.view
        network = Network(recipe)
        network.fill(weights.read(name, weights.require(name, weights_dir)))
        self._module: nn.Module = network.module.eval()
        self._mean = torch.tensor(self.view.mean).view(3, 1, 1)
        self._std = torch.tensor(self.view.std).view(3, 1, 1)

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        with torch.no_grad():
            x = torch.from_numpy(np.array(pixels)).permute(2, 0, 1).float()
            features: Floats = self._module(((x - self._mean) / self._std)[None])[0].numpy()
        return features

    def of_photo(self, photo: Image.Image) -> Floats:
        """Features (dims,) of a photo of any size."""
        square = photo.resize((self.view.side, self.view.side), Image.Resampling.BILINEAR)
        return self(np.asarray(square, np.uint8))


class PlainAnswers:
    """Answers photos from a bundle, in the plain way."""

    def __init__(self, bundle: Bundle, weights_dir: Path | None) -> None:
        torch.set_num_threads(1)
        self._hashtags = bundle.hashtags
        self._scores: dict[str, list[Callable[[Floats], Floats]]] = {}
        if "als" in bundle.arrays:
            als = read_als(bundle)
            photos = als.photos

            def als_scores(features: Floats) -> Floats:
                query = als.space.project(features[None])[0]
                # An index has no vectors to scan.
                if isinstance(photos, PhotoIndex):
                    rows = photos.nearest(query[None], NEIGHBOURS)[0][0]
                else:
                    rows = scanned(query, photos)
                scores: Floats = als.photo_factors[rows].mean(axis=0) @ als.hashtag_factors.T
                return scores

            self._scores[als.backbone] = [als_scores]
        if "w2v" in bundle.arrays:
            w2v = read_w2v(bundle)
            self._scores.setdefault(w2v.backbone, []).append(
                lambda features: w2v.head.project(features[None])[0] @ w2v.vectors.T
            )
        names = dict.fromkeys(one for name in self._scores for one in names_of(name))
        self._networks = {name: EagerNetwork(name, weights_dir) for name in names}

    def features(self, photo: Image.Image) -> dict[str, Floats]:
        """Features (dims,) by backbone."""
        single = {name: network.of_photo(photo)[None] for name, network in self._networks.items()}
        return {name: join([single[one] for one in names_of(name)])[0] for name in self._scores}

    def hashtags(self, features: Mapping[str, Floats]) -> list[str]:
        """The best hashtags of the models, taking turns."""
        best = [
            np.argsort(-scores(features[name]))[:TOP]
            for name, models in self._scores.items()
            for scores in models
        ]
        return [self._hashtags[column] for columns in zip(*best, strict=True) for column in columns]

    def answer(self, data: bytes) -> list[str]:
        """The hashtags for the bytes of a photo file."""
        return self.hashtags(self.features(decoded(data)))


def decoded(data: bytes) -> Image.Image:
    """The photo at its full size."""
    photo = Image.open(BytesIO(data)).convert("RGB")
    photo.load()
    return photo


def scanned(query: Floats, photos: Floats) -> NDArray[np.intp]:
    """The rows of the nearest known photos, by sorting all of them."""
    return np.argsort(-(photos @ query))[:NEIGHBOURS]


def main(arguments: Sequence[str]) -> None:
    """Answers photos, to measure the time and memory of a cold start."""
    bundle, weights_dir, *photos = map(Path, arguments)
    # Imported by such code before it does anything.
    import gensim.models  # noqa: F401
    import implicit.als  # noqa: F401
    import sklearn.decomposition  # noqa: F401

    plain = PlainAnswers(bundles.load(bundle), weights_dir)
    for photo in photos:
        print(*plain.answer(photo.read_bytes()))


if __name__ == "__main__":
    main(sys.argv[1:])
