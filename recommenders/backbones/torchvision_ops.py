"""Lets torchvision import beside a CPU-only torch.

PyPI's Linux wheel of torchvision is built for CUDA: with a CPU build of torch its C++ operators do
not load, and the import fails while registering shapes for ``nms`` and ``qnms``. We use neither, so
declaring their schemas is enough.
"""

import importlib
from types import ModuleType

import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_library: torch.library.Library | None = None


def import_torchvision_models() -> ModuleType:
    """``torchvision.models``, with missing operators declared where its C++ library cannot load."""
    global _library
    try:
        return importlib.import_module("torchvision.models")
    except RuntimeError as error:
        if "torchvision::" not in str(error) or _library is not None:
            raise
    _library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for schema in _SCHEMAS:
        _library.define(schema)  # type: ignore[no-untyped-call]
    return importlib.import_module("torchvision.models")
