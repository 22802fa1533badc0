"""Networks that OpenVINO computes: compiled once, kept on disk, and as torch would compute them."""

import importlib
import importlib.util
import logging
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from recommenders.backbones import device, openvino_network, weights
from recommenders.backbones.backbone import Backbone, load_backbone
from recommenders.backbones.device import DeviceError, converting
from recommenders.backbones.torchvision_ops import import_torchvision_models

NAME = "squeezenet1_1"


@pytest.fixture(autouse=True)
def choice() -> Iterator[None]:
    """Each test begins and ends with the device chosen for it."""
    device.use("openvino")
    yield
    device.use("auto")


@pytest.fixture(scope="module")
def weights_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network's weights, drawn at random."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("weights")
    network = import_torchvision_models().get_model(NAME, weights=None)
    save_file(network.state_dict(), folder / f"{NAME}.safetensors")
    return folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where compiled networks are kept meanwhile."""
    monkeypatch.setattr(openvino_network, "FOLDER", tmp_path / "graphs")
    return tmp_path / "graphs"


@pytest.fixture
def read_from_weights(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files of weights that are read, which takes torch."""
    files: list[Path] = []
    read = weights.read

    def noted(name: str, path: Path) -> dict[str, torch.Tensor]:
        files.append(path)
        return read(name, path)

    monkeypatch.setattr(weights, "read", noted)
    return files


def noise(count: int, side: int = 224) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def cosines(some: NDArray[Any], others: NDArray[Any]) -> NDArray[Any]:
    lengths = np.linalg.norm(some, axis=1) * np.linalg.norm(others, axis=1)
    return np.asarray((some * others).sum(axis=1) / lengths)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite2"])
def test_features_are_torchs_and_the_same_to_the_bit_alone_among_others_and_elsewhere(
    name: str,
) -> None:
    backbone = load_backbone(name)
    pixels = noise(5, backbone.side)
    together = backbone.features_of_pixels(pixels)
    device.use("cpu")
    expected = load_backbone(name).features_of_pixels(pixels)
    assert cosines(together, expected).min() > 0.9999
    np.testing.assert_allclose(together, expected, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_array_equal(backbone.features_of_pixels(pixels[3:4]), together[3:4])
    with ThreadPoolExecutor(4) as threads:
        side_by_side = list(threads.map(backbone.features_of_pixels, np.split(pixels, 5)))
    np.testing.assert_array_equal(np.concatenate(side_by_side), together)
    copied: Backbone = pickle.loads(pickle.dumps(backbone))
    np.testing.assert_array_equal(copied.features_of_pixels(pixels), together)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def a_byte_changed(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def no_file(file: Path) -> None:
    file.unlink()
    file.mkdir()


def test_a_network_is_compiled_once_and_again_where_the_file_is_damaged(
    folder: Path, weights_dir: Path, read_from_weights: list[Path]
) -> None:
    compiled = load_backbone(NAME, weights_dir)
    expected = compiled.features_of_pixels(noise(1))
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o444 == 0o444  # whoever runs reads it
    kept = load_backbone(NAME, weights_dir)
    np.testing.assert_array_equal(kept.features_of_pixels(noise(1)), expected)
    assert kept.dims == compiled.dims and kept.sha256 == compiled.sha256
    assert len(read_from_weights) == 1
    for number, damage in enumerate((cut_short, a_byte_changed, emptied)):
        damage(file)
        again = load_backbone(NAME, weights_dir)
        np.testing.assert_array_equal(again.features_of_pixels(noise(1)), expected)
        assert len(read_from_weights) == 2 + number
    load_backbone(NAME, weights_dir)
    assert len(read_from_weights) == 4 and list(folder.iterdir()) == [file]
    # Where it cannot be written, each start compiles it.
    no_file(file)
    again = load_backbone(NAME, weights_dir)
    np.testing.assert_array_equal(again.features_of_pixels(noise(1)), expected)
    assert len(read_from_weights) == 5


@pytest.mark.skipif(sys.platform != "linux", reason="no /proc elsewhere")
def test_of_a_compiled_network_only_what_computes_stays_in_memory(
    folder: Path, weights_dir: Path
) -> None:
    load_backbone(NAME, weights_dir)
    [file] = folder.iterdir()
    kept = load_backbone(NAME, weights_dir)
    assert megabytes_in_memory(file) < 0.25 * file.stat().st_size / 2**20
    kept.features_of_pixels(noise(1))
    assert megabytes_in_memory(file) < 0.5 * file.stat().st_size / 2**20


def megabytes_in_memory(file: Path) -> float:
    """How much of a mapped file this process holds."""
    _, *mappings = Path("/proc/self/smaps").read_text().split(f" {file}\n")
    assert mappings
    return sum(int(re.findall(r"^Rss: +(\d+) kB", one, re.MULTILINE)[0]) for one in mappings) / 1024


def test_without_pytorch_a_network_that_is_not_compiled_says_how_to_come_by_it(
    folder: Path, weights_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "recommenders.backbones.network"
    importlib.import_module(name)
    monkeypatch.delattr("recommenders.backbones.network")
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(weights.WeightsError) as refused:
        load_backbone(NAME, weights_dir)
    assert str(refused.value) == (
        f"{NAME} is not compiled for this OpenVINO yet, which takes PyTorch once: .venv/bin/pip "
        f"install torch, or copy the compiled file from another machine to {folder}."
    )


def test_the_classifier_is_kept_beside_the_network(
    folder: Path, read_from_weights: list[Path]
) -> None:
    first, kept = (load_backbone("efficientnet_lite0") for _ in range(2))
    assert len(read_from_weights) == 1
    assert first.classifier is not None and kept.classifier is not None
    for one, other in zip(first.classifier, kept.classifier, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_network_that_openvino_does_not_take_is_computed_by_torch(
    folder: Path,
    weights_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise RuntimeError("No conversion rule\nfor aten::unheard_of.")

    monkeypatch.setattr(converting(), "convert_model", refuse)
    with caplog.at_level(logging.INFO):
        features = load_backbone(NAME, weights_dir).features_of_pixels(noise(2))
    line = f"{NAME} is computed by torch: OpenVINO does not take it (No conversion rule for aten"
    assert line in caplog.text
    device.use("cpu")
    expected = load_backbone(NAME, weights_dir).features_of_pixels(noise(2))
    np.testing.assert_array_equal(features, expected)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("asked_for", "sentence"),
    [("cuda", "finds no NVIDIA GPU"), ("openvino", "is openvino, which cannot be used here")],
)
def test_a_device_that_is_not_here_is_refused_with_what_to_do(
    asked_for: str, sentence: str, without: Callable[[], None]
) -> None:
    without()
    device.use(asked_for)
    with pytest.raises(DeviceError, match=rf"DEVICE .*{sentence}.* or leave DEVICE empty\.$"):
        load_backbone("efficientnet_lite0")


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes this a machine that has neither OpenVINO nor a GPU."""

    def take_away() -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        find = importlib.util.find_spec
        monkeypatch.setattr(
            "importlib.util.find_spec", lambda name: None if name == "openvino" else find(name)
        )

    return take_away


def test_what_computes_is_chosen_by_itself_and_logged_once(
    without: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    device.use("auto")
    with caplog.at_level(logging.INFO):
        assert [device.in_use() for _ in range(2)] == ["openvino"] * 2
    assert caplog.text.count("Photos' features are computed by OpenVINO 20") == 1
    without()
    device.use("auto")
    with caplog.at_level(logging.INFO):
        assert device.in_use() == "cpu"
    assert "computed by torch on the CPU, which is slow (OpenVINO is not installed)" in caplog.text
