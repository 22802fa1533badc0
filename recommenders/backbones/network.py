"""A network without its last layer: built empty, filled from a file of weights.

The features are what the last layer takes, whatever the architecture: the input of the classifier
of 1,000 classes.
"""

import re
from collections import OrderedDict
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from recommenders.arrays import Floats
from recommenders.backbones.recipe import CLASSES, Recipe

State = dict[str, torch.Tensor]

_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
"""Classifiers that only training needs, of GoogLeNet and Inception."""

_SHAPE = re.compile(r"size mismatch for ([^:\s]+):")

_FLAT_NAME = re.compile(r"features\.(\d+)\.conv\.(\d)\.(.+)")
_DOTTED_NAME = re.compile(r"(.+\.denselayer\d+\.(?:norm|conv))\.([12]\..+)")


class Network:
    """A recipe's network, its parameters empty until ``fill``.

    Attributes:
        module: (n, 3, side, side) float32, scaled, to (n, dims) features.
        dims: length of a photo's features.
    """

    def __init__(self, recipe: Recipe) -> None:
        with _Unfilled():
            self.module = recipe.build()
        self._layer, last = [
            (name, layer)
            for name, layer in self.module.named_modules()
            if isinstance(layer, nn.Linear | nn.Conv2d)
        ][-1]
        # SqueezeNet's classes come out of a convolution and a ReLU, and are pooled only then: no
        # layer over pooled features gives them.
        self._is_linear = isinstance(last, nn.Linear)
        self._has_bias = last.bias is not None
        self.dims = int(last.weight.shape[1])
        self.module.set_submodule(self._layer, nn.Identity())

    def fill(self, state: State) -> tuple[list[str], int]:
        """Takes a file's tensors in.

        The classifier's may be missing, and those of classifiers for training are passed over.

        Returns:
            The names of those that are missing, of another shape or not this network's, and of how
            many.
        """
        passed_over = (f"{self._layer}.", *_AUXILIARY)
        tensors = OrderedDict(
            (key, tensor.float() if tensor.is_floating_point() else tensor)
            for key, tensor in _present_names(state).items()
            if not key.startswith(passed_over)
        )
        own = self.module.state_dict()
        # By their versions, torchvision's layers know which of their names and shapes have changed
        # since. A file without any has the present shapes, and perhaps old names.
        versions = getattr(state, "_metadata", None) or {"": getattr(own, "_metadata", {}).get("")}
        setattr(tensors, "_metadata", versions)  # noqa: B010
        try:
            result = self.module.load_state_dict(tensors, strict=False, assign=True)
        except (RuntimeError, ValueError) as error:
            wrong = _SHAPE.findall(str(error)) or [" ".join(str(error).split())]
        else:
            wrong = [k for k in result.missing_keys if not k.endswith("num_batches_tracked")]
            wrong += result.unexpected_keys
        return wrong, len(own.keys() | tensors.keys())

    def classifier(self, state: State) -> tuple[Floats, Floats] | None:
        """Weight (1000, dims) and bias (1000,) float32 among tensors; None where there are none."""
        weight, bias = state.get(f"{self._layer}.weight"), state.get(f"{self._layer}.bias")
        if not self._has_bias:
            bias = torch.zeros(CLASSES)
        if not self._is_linear or weight is None or bias is None:
            return None
        if weight.shape != (CLASSES, self.dims) or bias.shape != (CLASSES,):
            return None  # of a network that was tuned to other classes than ImageNet's
        return weight.float().numpy(), bias.float().numpy()


def takes_its_side(recipe: Recipe) -> bool:
    """Whether a network's layers take its input where that is not the network's own.

    They do where no layer counts the places of the picture, as those of vision transformers do, and
    enough is left of it for the last one.
    """
    side, network = recipe.view.side, Network(recipe).module.eval().to("meta")
    try:
        with torch.inference_mode():
            network(torch.empty(1, 3, side, side, device="meta"))
    except (AssertionError, RuntimeError, ValueError):
        return False
    return True


class _Unfilled(TorchFunctionMode):
    """Parameters have neither memory nor values: drawing a large network's takes seconds."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.empty:
            kwargs = {**kwargs, "device": "meta"}
        return func(*args, **kwargs)


def _present_names(state: State) -> State:
    """Tensors under the names that torchvision gives them today.

    Older files of MobileNetV2 number a block's layers in one row: 0, 1, 3, 4, 6, 7 stand for 0.0,
    0.1, 1.0, 1.1, 2, 3. Those of DenseNet have a dot before such a number.
    """
    if "features.1.conv.0.weight" in state:
        return {_FLAT_NAME.sub(_nested, key): tensor for key, tensor in state.items()}
    return {_DOTTED_NAME.sub(r"\1\2", key): tensor for key, tensor in state.items()}


def _nested(match: re.Match[str]) -> str:
    block, layer, rest = match[1], int(match[2]), match[3]
    step, part = divmod(layer, 3)
    last = 1 if block == "1" else 2  # the first block does not expand
    number = f"{step}.{part}" if step < last else str(last + part)
    return f"features.{block}.conv.{number}.{rest}"
