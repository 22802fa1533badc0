"""A network run by torch: on a GPU, or on a CPU where OpenVINO cannot run it."""

import pickle
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from recommenders.arrays import Floats
from recommenders.backbones.device import GPU_BATCH
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
    """(n, side, side, 3) uint8 pixels to (n, dims) float32 features, on a CPU.

    Photos go one by one on one thread: the last bits of a convolution depend on the batch size and
    on the number of threads, and a photo must always have the same features.

    Args:
        module: (n, 3, side, side) float32, normalised, to (n, dims) features.
    """

    on_gpu = False
    _device = "cpu"

    def __init__(self, module: nn.Module, view: View) -> None:
        self._view = view
        self._module = module.eval().to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._mean = torch.tensor(view.mean, device=self._device).view(1, 3, 1, 1)
        self._std = torch.tensor(view.std, device=self._device).view(1, 3, 1, 1)

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        with one_thread(), torch.inference_mode():
            rows = [self._features(photo[None]) for photo in torch.from_numpy(pixels)]
            features: Floats = torch.cat(rows).numpy()
        return features

    def __reduce__(self) -> tuple[Callable[[bytes], "TorchNetwork"], tuple[bytes]]:
        return _unpickled, (pickle.dumps((self._module, self._view)),)

    def _features(self, pixels: torch.Tensor) -> torch.Tensor:
        x = pixels.permute(0, 3, 1, 2).float()
        x = ((x - self._mean) / self._std).contiguous(memory_format=torch.channels_last)
        features: torch.Tensor = self._module(x)
        return features


class GpuNetwork(TorchNetwork):
    """The same on an NVIDIA GPU, in batches of ``GPU_BATCH``. Safe to call from several threads.

    A batch is launched as one CUDA graph. Launched one by one, each of some 300 layers waits for
    Python's lock, which other photos hold: a bot then answers 15 photos a second instead of 27. The
    last bits of features depend on a batch's size, so every batch has ``GPU_BATCH`` rows; in a
    smaller one, the other rows are left over from before.

    Convolutions are float32: with TF32, which is turned off for the whole process, 3 of 100 photos
    get other hashtags.

    A pickled one is for a process beside others, and computes on its CPU.
    """

    on_gpu = True
    _device = "cuda"

    def __init__(self, module: nn.Module, view: View) -> None:
        torch.backends.cudnn.allow_tf32 = False
        super().__init__(module, view)
        self._lock = threading.Lock()
        with torch.inference_mode():
            self._input, self._output, self._graph = self._captured()

    def __call__(self, pixels: NDArray[np.uint8]) -> Floats:
        with self._lock, torch.inference_mode():
            batches = torch.from_numpy(pixels).split(GPU_BATCH)  # type: ignore[no-untyped-call]
            return np.concatenate([self._batch(batch) for batch in batches])

    def _batch(self, pixels: torch.Tensor) -> Floats:
        self._input[: len(pixels)].copy_(pixels)
        self._graph.replay()
        features: Floats = self._output[: len(pixels)].cpu().numpy()
        return features

    def __reduce__(self) -> tuple[Callable[[bytes], TorchNetwork], tuple[bytes]]:
        return TorchNetwork(deepcopy(self._module), self._view).__reduce__()

    def _captured(self) -> tuple[torch.Tensor, torch.Tensor, torch.cuda.CUDAGraph]:
        """The network as a graph: its pixels, their features, and what computes these."""
        side = self._view.side
        pixels = torch.zeros(GPU_BATCH, side, side, 3, dtype=torch.uint8, device=self._device)
        # What libraries set up on their first use cannot be captured.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            self._features(pixels)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            features = self._features(pixels)
        return pixels, features, graph


def _unpickled(content: bytes) -> TorchNetwork:
    import_torchvision_models()  # or unpickling would import it without the declared operators
    return TorchNetwork(*pickle.loads(content))
