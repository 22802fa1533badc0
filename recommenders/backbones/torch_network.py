"""A network run by torch: on a GPU, or on a CPU where OpenVINO cannot run it."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from recommenders.arrays import Floats
from recommenders.backbones.recipe import View
from recommenders.backbones.torchvision_ops import import_torchvision_models


@contextmanager
def one_thread() -> Iterator[None]:
    """Limits torch to one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class TorchNetwork:
    """(n, side, side, 3) uint8 pixels to (n, dims) float32 features.

    On a CPU photos go one by one on one thread: the last bits of a convolution depend on the batch
    size and on the number of threads, and a photo must always have the same features.

    Args:
        module: (n, 3, side, side) float32, normalised, to (n, dims) features.
        device: ``cpu`` or ``cuda``.
    """

    def __init__(self, module: nn.Module, view: View, device: str) -> None:
        self.on_gpu = device == "cuda"
        self._view, self._device = view, device
        self._module = module.eval().to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = torch.tensor(view.mean, device=device).view(1, 3, 1, 1)
        self._std = torch.tensor(view.std, device=device).view(1, 3, 1, 1)

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        if self.on_gpu:
            return self._computed(pixels)
        with one_thread():
            return np.concatenate([self._computed(photo[None]) for photo in pixels])

    def __reduce__(self) -> tuple[Callable[[bytes], "TorchNetwork"], tuple[bytes]]:
        return _unpickled, (pickle.dumps((self._module, self._view, self._device)),)

    def _computed(self, pixels: NDArray[np.uint8]) -> Floats:
        with torch.inference_mode():
            x = torch.from_numpy(pixels).to(self._mean.device).permute(0, 3, 1, 2).float()
            x = ((x - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
            features: Floats = self._module(x).cpu().numpy()
        return features


def _unpickled(content: bytes) -> TorchNetwork:
    import_torchvision_models()  # or unpickling would import it without the declared operators
    return TorchNetwork(*pickle.loads(content))
