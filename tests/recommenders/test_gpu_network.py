"""A GPU computes what a CPU does; skipped where there is none."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from recommenders.backbones.device import GPU_BATCH
from recommenders.backbones.recipe import View
from recommenders.backbones.torch_network import GpuNetwork, TorchNetwork

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def module() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 256, 3, padding=1), nn.ReLU(), nn.Conv2d(256, 128, 3, padding=1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


@pytest.fixture(scope="module")
def on_gpu(module: nn.Module) -> GpuNetwork:
    return GpuNetwork(deepcopy(module), _view())


@pytest.fixture(scope="module")
def pixels() -> Pixels:
    draw = np.random.default_rng(0)
    return draw.integers(0, 256, (3 * GPU_BATCH + 1, 64, 64, 3), np.uint8)


def _view() -> View:
    return View(64, (127.0,) * 3, (128.0,) * 3)


def test_features_are_those_of_a_cpu(on_gpu: GpuNetwork, module: nn.Module, pixels: Pixels) -> None:
    np.testing.assert_allclose(
        on_gpu(pixels), TorchNetwork(module, _view())(pixels), rtol=1e-4, atol=1e-6
    )


def test_a_photos_features_do_not_depend_on_the_others(on_gpu: GpuNetwork, pixels: Pixels) -> None:
    together = on_gpu(pixels)
    for row in (0, 3, 2 * GPU_BATCH - 1, len(pixels) - 1):
        np.testing.assert_array_equal(on_gpu(pixels[row : row + 1])[0], together[row])


def test_threads_get_their_own_photos_features(on_gpu: GpuNetwork, pixels: Pixels) -> None:
    together = on_gpu(pixels)
    with ThreadPoolExecutor(4) as threads:
        for row, features in enumerate(threads.map(on_gpu, np.split(pixels, len(pixels)))):
            np.testing.assert_array_equal(features[0], together[row])


def test_a_pickled_one_computes_on_a_cpu(on_gpu: GpuNetwork, pixels: Pixels) -> None:
    unpickled = pickle.loads(pickle.dumps(on_gpu))
    assert not unpickled.on_gpu
    np.testing.assert_allclose(unpickled(pixels), on_gpu(pixels), rtol=1e-4, atol=1e-6)
