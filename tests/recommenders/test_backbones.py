"""Backbones: the features are the networks' own, and what is no such network's file is refused."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

from recommenders.backbones.backbone import Backbone, join, load_backbone
from recommenders.backbones.recipe import CLASSES
from recommenders.backbones.registry import dims, recipe_of
from recommenders.backbones.torchvision_ops import import_torchvision_models
from recommenders.backbones.weights import WeightsError, read, require, sha256
from tests.recommenders.pictures import corners

State = dict[str, torch.Tensor]


def noise(count: int, side: int = 224) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def state_of(name: str) -> State:
    """A network's randomly drawn tensors, with statistics that are not just zeros and ones."""
    torch.manual_seed(0)
    network = getattr(import_torchvision_models(), name)(weights=None)
    state: State = network.state_dict()
    for key, tensor in state.items():
        if key.endswith("running_mean"):
            tensor.normal_(0, 0.1)
        elif key.endswith("running_var"):
            tensor.uniform_(0.8, 1.2)
    return state


@pytest.fixture(scope="module")
def mobilenet() -> State:
    return state_of("mobilenet_v2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, mobilenet: State) -> Path:
    """Weights of the right shapes, one as .pth and one as .safetensors."""
    folder = tmp_path_factory.mktemp("weights")
    torch.save(state_of("resnet50"), folder / "resnet50.pth")
    save_file(mobilenet, folder / "mobilenet_v2.safetensors")
    return folder


@pytest.fixture(scope="module")
def lite() -> Backbone:
    return load_backbone("efficientnet_lite0")


def refusal(name: str, weights_dir: Path | None) -> str:
    """The sentence with which weights are refused; one line for people."""
    with pytest.raises(WeightsError) as caught:
        load_backbone(name, weights_dir)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


@pytest.mark.parametrize(
    ("name", "side"), [("efficientnet_lite0", 224), ("efficientnet_lite2", 260)]
)
def test_efficientnet_lite_is_the_reference_implementation(name: str, side: int) -> None:
    from efficientnet_lite_pytorch import EfficientNet

    lite = load_backbone(name)
    reference = EfficientNet.from_name(name.replace("_", "-"))
    reference.load_state_dict(read(name, require(name, None)))
    reference.eval()
    batch = noise(3, side)
    assert lite.side == side
    with torch.inference_mode():
        scaled = (torch.from_numpy(batch).permute(0, 3, 1, 2).float() - 127) / 128
        expected = reference.extract_features(scaled).mean(dim=(2, 3)).numpy()
        logits = reference(scaled).numpy()
    features = lite.features_of_pixels(batch)
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(features, expected, atol=1e-4)
    assert lite.classifier is not None
    weight, bias = lite.classifier
    np.testing.assert_allclose(features @ weight.T + bias, logits, atol=1e-3)


@pytest.mark.usefixtures("on_torch")
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_efficientnet_lite0_is_taken_from_the_weights_folder_first(
    lite: Backbone, tmp_path: Path, suffix: str
) -> None:
    state = {
        key: value.contiguous() for key, value in read(lite.name, require(lite.name, None)).items()
    }
    state["_bn1.bias"] += 1
    file = tmp_path / f"efficientnet_lite0{suffix}"
    if suffix == ".pth":
        torch.save(state, file)
    else:
        save_file(state, file)
    backbone = load_backbone("efficientnet_lite0", tmp_path)
    assert backbone.sha256 == sha256(file) != lite.sha256
    moved = backbone.features_of_pixels(noise(1)) - lite.features_of_pixels(noise(1))
    assert 0 < moved.mean() <= 1


@pytest.mark.parametrize(("name", "size"), [("resnet50", 2048), ("mobilenet_v2", 1280)])
def test_features_are_those_of_torchvisions_network(name: str, size: int, folder: Path) -> None:
    backbone = load_backbone(name, folder)
    assert (backbone.name, backbone.dims, dims(name)) == (name, size, size)
    batch = noise(2)
    features = backbone.features_of_pixels(batch)
    assert (features.shape, features.dtype) == ((2, size), np.float32)
    assert np.isfinite(features).all()

    network = getattr(import_torchvision_models(), name)(weights=None)
    network.load_state_dict(read(name, require(name, folder)))
    network.eval()
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    scaled = ((batch / 255 - mean) / std).transpose(0, 3, 1, 2).astype(np.float32)
    with torch.inference_mode():
        logits = network(torch.from_numpy(scaled)).numpy()
    assert backbone.classifier is not None
    weight, bias = backbone.classifier
    assert weight.shape == (CLASSES, size)
    np.testing.assert_allclose(features @ weight.T + bias, logits, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenet_v2", "resnet50"])
def test_a_photo_in_a_batch_has_the_features_it_has_alone(name: str, folder: Path) -> None:
    backbone = load_backbone(name, folder)
    photos = [corners(300, 200), corners(100, 400).rotate(90), Image.new("RGB", (5, 5), "white")]
    together = backbone.features(photos)
    assert together.shape == (3, backbone.dims)
    alone = np.concatenate([backbone.features([photo]) for photo in photos])
    np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-4 * np.abs(alone).max())
    assert backbone.features([]).shape == (0, backbone.dims)


def test_joined_backbones_stand_side_by_side_none_outweighing_another(folder: Path) -> None:
    name = "mobilenet_v2+efficientnet_lite0"
    both = load_backbone(name, folder)
    mobile, lite = (load_backbone(one, folder) for one in name.split("+"))
    assert (both.name, both.dims, both.classifier) == (name, 2560, None) and dims(name) == 2560
    assert both.sha256 not in {mobile.sha256, lite.sha256}
    photos = [Image.fromarray(square) for square in noise(2)]
    features = both.features(photos)
    assert (features.shape, features.dtype) == ((2, 2560), np.float32)
    for part, own in ((mobile, features[:, :1280]), (lite, features[:, 1280:])):
        np.testing.assert_allclose(np.sqrt(np.square(own).mean(axis=1)), 0.5, rtol=1e-4)
        alone = part.features(photos)
        scale = np.linalg.norm(own, axis=1, keepdims=True) / np.linalg.norm(alone, axis=1)[:, None]
        np.testing.assert_allclose(own, alone * scale, rtol=1e-4, atol=1e-6)
    assert np.isfinite(join([np.zeros((1, 4)), np.zeros((1, 4))])).all()


def test_many_photos_come_in_their_order(lite: Backbone) -> None:
    shades = [Image.new("RGB", (8, 8), (grey, grey, grey)) for grey in range(0, 256, 7)]
    together = lite.features(shades)
    assert len(together) == len(shades) > 32
    np.testing.assert_allclose(together[-1:], lite.features(shades[-1:]), atol=1e-3)


def test_a_backbone_sees_the_whole_photo() -> None:
    seen = recipe_of("efficientnet_lite0").view.pixels(corners(1000, 250))
    assert (seen.shape, seen.dtype) == ((224, 224, 3), np.uint8)
    assert np.array_equal(seen[5, 5], corners().getpixel((0, 0)))
    assert np.array_equal(seen[-5, -5], corners().getpixel((95, 63)))


def flat(state: State) -> State:
    """MobileNetV2's tensors as older files name them: a block's layers numbered in one row."""
    first = {"0.0": 0, "0.1": 1, "1": 3, "2": 4}
    others = {"0.0": 0, "0.1": 1, "1.0": 3, "1.1": 4, "2": 6, "3": 7}
    renamed = {}
    for key, tensor in state.items():
        parts = key.split(".")
        if parts[2:3] == ["conv"]:
            layer, rest = ".".join(parts[3:-1]), parts[-1]
            number = (first if parts[1] == "1" else others)[layer]
            key = f"features.{parts[1]}.conv.{number}.{rest}"
        renamed[key] = tensor
    return renamed


@pytest.mark.usefixtures("on_torch")
def test_older_names_of_mobilenet_v2_are_understood(
    folder: Path, mobilenet: State, tmp_path: Path
) -> None:
    old = flat(mobilenet)
    assert set(old) != set(mobilenet)
    assert len(old) == len(mobilenet)
    torch.save(old, tmp_path / "mobilenet_v2.pth")
    features = load_backbone("mobilenet_v2", tmp_path).features_of_pixels(noise(1))
    expected = load_backbone("mobilenet_v2", folder).features_of_pixels(noise(1))
    np.testing.assert_array_equal(features, expected)


@pytest.mark.usefixtures("on_torch")
def test_weights_without_a_classifier_serve(mobilenet: State, tmp_path: Path) -> None:
    bare = {key: tensor for key, tensor in mobilenet.items() if "classifier" not in key}
    torch.save(bare, tmp_path / "mobilenet_v2.pth")
    backbone = load_backbone("mobilenet_v2", tmp_path)
    assert backbone.classifier is None
    assert backbone.features_of_pixels(noise(1)).shape == (1, 1280)


@pytest.mark.usefixtures("on_torch")
def test_a_classifier_of_other_classes_is_left_out(mobilenet: State, tmp_path: Path) -> None:
    tuned = mobilenet | {
        "classifier.1.weight": torch.zeros(10, 1280),
        "classifier.1.bias": torch.zeros(10),
    }
    torch.save(tuned, tmp_path / "mobilenet_v2.pth")
    assert load_backbone("mobilenet_v2", tmp_path).classifier is None


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    for weights_dir in (None, tmp_path):
        sentence = refusal("resnet50", weights_dir)
        assert "`tag4pic weights get resnet50`" in sentence
        assert "resnet50.pth or resnet50.safetensors" in sentence
        assert str(weights_dir or Path("data/weights")) in sentence


def test_another_networks_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mobilenet_v2.pth").symlink_to(folder / "resnet50.pth")
    (tmp_path / "resnet50.safetensors").symlink_to(folder / "mobilenet_v2.safetensors")
    (tmp_path / "efficientnet_lite0.pth").symlink_to(folder / "resnet50.pth")
    for name in ("mobilenet_v2", "resnet50", "efficientnet_lite0"):
        sentence = refusal(name, tmp_path)
        assert f"does not hold the weights of {name}" in sentence
        assert "tag4pic weights get" in sentence


def test_weights_of_another_shape_are_refused(mobilenet: State, tmp_path: Path) -> None:
    name = "features.18.0.weight"
    wide = mobilenet | {name: torch.zeros(1280, 640, 1, 1)}
    save_file(wide, tmp_path / "mobilenet_v2.safetensors")
    sentence = refusal("mobilenet_v2", tmp_path)
    assert "1 of" in sentence
    assert name in sentence


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def zeroed(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def a_web_page(file: Path) -> None:
    file.write_bytes(b"<html>404 Not Found</html>")


@pytest.mark.parametrize("spoil", [cut_short, zeroed, emptied, a_web_page])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_weights_are_refused(
    mobilenet: State, tmp_path: Path, suffix: str, spoil: Callable[[Path], None]
) -> None:
    file = tmp_path / f"mobilenet_v2{suffix}"
    if suffix == ".pth":
        torch.save(mobilenet, file)
    else:
        save_file(mobilenet, file)
    spoil(file)
    sentence = refusal("mobilenet_v2", tmp_path)
    assert str(file) in sentence
    assert "Remove it and get it again with `tag4pic weights get mobilenet_v2`" in sentence


class _Runs:
    """What unpickling would execute."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (Path.touch, (self.trace,))


@pytest.mark.parametrize("zipped", [True, False])
def test_weights_cannot_run_code(tmp_path: Path, zipped: bool) -> None:
    trace = tmp_path / "ran"
    file = tmp_path / "resnet50.pth"
    torch.save({"fc.bias": _Runs(trace)}, file, _use_new_zipfile_serialization=zipped)
    assert "cannot be read as weights" in refusal("resnet50", tmp_path)
    assert not trace.exists()


def test_only_a_file_that_could_be_read_is_said_to_be_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "resnet50.pth").write_bytes(b"no weights")
    assert "cannot be read as weights" in refusal("resnet50", tmp_path)
    assert "used as it is" not in caplog.text


@pytest.mark.parametrize("content", [{"state_dict": {}, "epoch": 3}, [1, 2], torch.zeros(3)])
def test_a_checkpoint_that_is_no_plain_file_of_tensors_is_refused(
    content: object, tmp_path: Path
) -> None:
    torch.save(content, tmp_path / "resnet50.pth")
    assert "not a plain file of tensors" in refusal("resnet50", tmp_path)


def test_torchvision_imports_beside_this_torch_once_and_again() -> None:
    child = subprocess.run(
        [sys.executable, "-c", _IMPORT], capture_output=True, text=True, timeout=120
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.split() == ["True", "True"]


_IMPORT = """
from recommenders.backbones.torchvision_ops import import_torchvision_models

first = import_torchvision_models()
print(first is import_torchvision_models())
import torchvision
print(torchvision.models is first)
"""
