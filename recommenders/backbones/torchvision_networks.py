"""Every network of torchvision that classifies photos, under torchvision's own names.

``NAME`` stands for the weights that torchvision recommends, ``NAME@WEIGHTS`` for others, as in
``regnet_y_16gf@IMAGENET1K_SWAG_LINEAR_V1``. Preprocessing, URL and licence come from torchvision's
registry.
"""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

from recommenders.backbones.recipe import Recipe, UnknownBackboneError, View
from recommenders.backbones.torchvision_ops import import_torchvision_models

if TYPE_CHECKING:
    from torch import nn
    from torchvision.models import WeightsEnum

CHOICE = "@"

PUBLISHED = {"mobilenet_v2": "IMAGENET1K_V1", "resnet50": "IMAGENET1K_V1"}
"""The weights that ``NAME`` means for the published recipes, which use the whole photo."""

LICENCES = {
    "https://github.com/facebookresearch/SWAG/blob/main/LICENSE": "CC-BY-NC 4.0, not for commercial"
    " use",
}
"""Names of the licences that torchvision gives as a URL."""

_ALL = "`tag4pic weights --all` lists them all."


def names() -> list[str]:
    """The networks' names."""
    models = import_torchvision_models()
    return list(models.list_models(module=models))


def weights_of(name: str) -> dict[str, "WeightsEnum"]:
    """A network's weights by name, the default first."""
    enum = import_torchvision_models().get_model_weights(name)
    # Weights without categories have only the first layers.
    usable = {one.name: one for one in enum if one.meta["categories"]}
    first = PUBLISHED.get(name, enum.DEFAULT.name)
    return {first: usable.pop(first), **usable}


def spellings() -> list[str]:
    """The networks' names, each followed by ``NAME@WEIGHTS`` for its other weights."""
    return [spelling for name in names() for spelling in _spellings(name)]


def resolve(name: str, others: Iterable[str] = ()) -> str:
    """The shortest spelling of ``NAME`` or ``NAME@WEIGHTS``.

    Args:
        others: other backbones to suggest for an unknown name.

    Raises:
        UnknownBackboneError: where there is no such network, or it has no such weights.
    """
    network, at, choice = name.partition(CHOICE)
    known = names()
    if network not in known:
        raise UnknownBackboneError(_not_known(name, network, others))
    weights = list(weights_of(network))
    if at and choice not in weights:
        raise UnknownBackboneError(
            f"{network} has no weights {choice!r}. Write {_any_of(_spellings(network))}."
        )
    return name if at and choice != weights[0] else network


def recipe(name: str) -> Recipe:
    """The recipe of a name returned by ``resolve``."""
    network, _, choice = name.partition(CHOICE)
    weights = weights_of(network)
    chosen = weights[choice] if choice else next(iter(weights.values()))
    licence = chosen.meta.get("license", "")
    return Recipe(
        _view(chosen.transforms(), whole=name in PUBLISHED),
        partial(_build, network, chosen.meta["min_size"][0]),
        float(chosen.meta["_file_size"]),
        chosen.url,
        licence and f"{LICENCES.get(licence, 'their own')} ({licence})",
    )


def official_name(name: str, digest: str) -> str | None:
    """Which of a network's official weights have this SHA-256, as ``NAME`` or ``NAME@WEIGHTS``."""
    for spelling in _spellings(name.partition(CHOICE)[0]):
        if digest.startswith(recipe(spelling).digits):
            return spelling
    return None


def _spellings(network: str) -> list[str]:
    _, *others = weights_of(network)
    return [network, *(f"{network}{CHOICE}{choice}" for choice in others)]


def _view(transforms: Any, *, whole: bool) -> View:
    [side], [shorter] = transforms.crop_size, transforms.resize_size
    mean, std = (
        (255 * red, 255 * green, 255 * blue)
        for red, green, blue in (transforms.mean, transforms.std)
    )
    if whole:
        return View(side, mean, std)
    return View(side, mean, std, shorter, transforms.interpolation.value)


def _build(network: str, side: int) -> "nn.Module":
    """Builds a network as torchvision would for its weights, but without downloading them."""
    options: dict[str, Any] = {}
    if network in ("googlenet", "inception_v3"):
        options = {"transform_input": True, "aux_logits": False, "init_weights": False}
    elif network.startswith("vit_"):
        options = {"image_size": side}
    get_model: Callable[..., nn.Module] = import_torchvision_models().get_model
    return get_model(network, weights=None, **options)


def _not_known(name: str, network: str, others: Iterable[str]) -> str:
    models = import_torchvision_models()
    if network in models.list_models():
        kind = models.get_model_builder(network).__module__.split(".")[2].replace("_", " ")
        kind = {"quantization": "quantized", "optical flow": "optical-flow"}.get(kind, kind)
        return (
            f"{network} is one of torchvision's {kind} networks; a backbone is an ordinary one "
            f"that classifies photos. {_ALL}"
        )
    # Another case is recognised, and so are the official file names: regnet_y_16gf_lc_swag.
    by_file = {recipe(one).file_stem.lower(): one for one in spellings()}
    by_lower = by_file | {one.lower(): one for one in [*others, *spellings()]}
    typed = name.lower()
    near = [typed] if typed in by_lower else get_close_matches(typed, by_lower)
    near = near or [one for one in by_lower if typed and typed in one][:3]
    if not near:
        return f"There is no backbone {name!r}. {_ALL}"
    meant = dict.fromkeys(by_lower[one] for one in near)
    return f"There is no backbone {name!r}. Did you mean {_any_of(list(meant))}? {_ALL}"


def _any_of(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
