"""Every network of torchvision serves under its own name, as torchvision would run it."""

import pickle
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from recommenders.backbones import device, torchvision_networks
from recommenders.backbones.backbone import Backbone, load_backbone
from recommenders.backbones.network import Network
from recommenders.backbones.recipe import UnknownBackboneError
from recommenders.backbones.registry import (
    LITE,
    dims,
    names_of,
    official_name,
    recipe_of,
    spellings,
    view_of,
)
from recommenders.backbones.torchvision_ops import import_torchvision_models
from recommenders.backbones.weights import WeightsError, sha256
from tests.recommenders.pictures import corners

models = import_torchvision_models()
NETWORKS = models.list_models(module=models)

SMALL = {
    "densenet121": 1024,
    "efficientnet_b0": 1280,
    "googlenet": 1024,
    "maxvit_t": 512,
    "mnasnet0_5": 1280,
    "mobilenet_v3_small": 1024,
    "regnet_x_400mf": 400,
    "shufflenet_v2_x0_5": 1024,
    "squeezenet1_1": 512,
}
"""Of each family one that is drawn in a moment; ``evaluation.backbone_sweep`` draws all."""

LARGE = {
    "alexnet": 4096,
    "convnext_tiny": 768,
    "inception_v3": 2048,
    "regnet_y_128gf": 7392,
    "resnext50_32x4d": 2048,
    "swin_v2_t": 768,
    "vgg11": 4096,
    "vit_b_16@IMAGENET1K_SWAG_E2E_V1": 768,
    "vit_h_14": 1280,
}


@pytest.fixture(scope="module", autouse=True)
def all_on_torch() -> Iterator[None]:
    """Compiling each takes seconds; ``evaluation.engines`` compares the compiled ones."""
    device.use("cpu")
    yield
    device.use("auto")


def drawn(name: str) -> nn.Module:
    """A network that torchvision has built, as it builds it for its weights, filled at random."""
    torch.manual_seed(0)
    options = {"transform_input": True, "init_weights": False} if name == "googlenet" else {}
    network: nn.Module = models.get_model(name, weights=None, **options).eval()
    for key, tensor in network.state_dict().items():
        if key.endswith("running_var"):
            tensor.uniform_(0.8, 1.2)
        elif key.endswith("running_mean"):
            tensor.normal_(0, 0.1)
    return network


def photos() -> list[Image.Image]:
    return [corners(300, 200), corners(100, 400).rotate(90), Image.new("RGB", (5, 5), "white")]


def transformed(name: str) -> torch.Tensor:
    """The photos as the official weights' own transforms make them, (n, 3, side, side)."""
    transforms = models.get_model_weights(name).DEFAULT.transforms()
    return torch.stack([transforms(photo) for photo in photos()])


def refusal(name: str) -> str:
    with pytest.raises(UnknownBackboneError) as caught:
        names_of(name)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module", params=SMALL)
def small(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[nn.Module, Backbone]:
    """A network drawn at random, and the backbone that its file of weights makes."""
    network, folder = drawn(request.param), tmp_path_factory.mktemp("weights")
    torch.save(network.state_dict(), folder / f"{request.param}.pth")
    return network, load_backbone(request.param, folder)


def test_features_are_what_torchvisions_classifier_takes(
    small: tuple[nn.Module, Backbone],
) -> None:
    network, backbone = small
    features = backbone.features(photos())
    assert (features.shape, features.dtype) == ((3, SMALL[backbone.name]), np.float32)
    assert np.isfinite(features).all() and features.std() > 0
    if backbone.classifier is None:
        assert backbone.name.startswith("squeezenet")  # its classes are pooled after their ReLU
        return
    weight, bias = backbone.classifier
    with torch.inference_mode():
        logits = network(transformed(backbone.name)).numpy()
    largest = np.abs(logits - bias).max()
    # Where a colour is rounded, a shade may come out one off.
    np.testing.assert_allclose(features @ weight.T, logits - bias, atol=0.02 * largest)


def test_a_photo_alone_has_the_features_it_has_among_others(
    small: tuple[nn.Module, Backbone],
) -> None:
    _, backbone = small
    together = backbone.features(photos())
    alone = backbone.features(photos()[:1])
    np.testing.assert_allclose(together[:1], alone, atol=1e-4 * np.abs(alone).max())
    copied: Backbone = pickle.loads(pickle.dumps(backbone))  # as a fit's processes are given it
    np.testing.assert_array_equal(copied.features(photos()), together)


@pytest.mark.parametrize("name", LARGE)
def test_a_large_network_ends_in_its_features(name: str) -> None:
    recipe = recipe_of(name)
    network, side = Network(recipe), recipe.view.side
    # Values are left out: the largest would take gigabytes.
    pixels = torch.empty(1, 3, side, side, device="meta")
    with torch.inference_mode():
        features = network.module.eval().to("meta")(pixels)
    assert features.shape == (1, network.dims) and dims(name) == network.dims == LARGE[name]


def test_every_network_that_classifies_has_its_name_and_the_same_classes() -> None:
    assert set(NETWORKS) | set(LITE) == {name.partition("@")[0] for name in spellings()}
    orders = set()
    for name in NETWORKS:
        for weights in models.get_model_weights(name):
            if weights.name != "IMAGENET1K_FEATURES":  # which has no classifier
                orders.add(tuple(weights.meta["categories"]))
    assert len(orders) == 1


@pytest.mark.parametrize("name", ["resnet18", "efficientnet_b1", "inception_v3", "swin_t"])
@pytest.mark.parametrize("size", [(640, 480), (333, 512), (100, 90), (31, 700)])
def test_a_photo_becomes_what_the_weights_own_transforms_make(
    name: str, size: tuple[int, int]
) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    photo = Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC)
    view = recipe_of(name).view
    pixels = view.pixels(photo).astype(np.float32)
    assert pixels.shape == (view.side, view.side, 3)
    expected = models.get_model_weights(name).DEFAULT.transforms()(photo).numpy()
    ours = ((pixels - view.mean) / view.std).transpose(2, 0, 1)
    assert np.abs(ours - expected).max() < 2.5 / min(view.std)  # of 256 shades


def test_a_strip_of_one_pixel_by_many_takes_no_more_memory_than_its_middle() -> None:
    strip = Image.new("RGB", (1, 60_000), "red")
    assert (recipe_of("resnet18").view.pixels(strip) == (255, 0, 0)).all()


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet50"])
def test_what_is_known_without_torchvision_is_what_torchvision_says(name: str) -> None:
    recipe = torchvision_networks.recipe(name)
    assert view_of(name) == recipe.view and dims(name) == Network(recipe).dims
    for spelling in (name, f"{name}@IMAGENET1K_V2"):
        digest = f"{torchvision_networks.recipe(spelling).digits}0123"
        assert official_name(name, digest) == spelling
        assert torchvision_networks.official_name(name, digest) == spelling
    assert official_name(name, "0123") is None


def test_the_published_recipes_keep_their_weights_and_see_the_whole_photo() -> None:
    for name in ("mobilenet_v2", "resnet50"):
        assert recipe_of(name).view.crop_from is None
        assert names_of(f"{name}@IMAGENET1K_V1") == (name,)
        assert recipe_of(f"{name}@IMAGENET1K_V2").view.crop_from == 232
    assert names_of("resnet18@IMAGENET1K_V1+efficientnet_lite0") == (
        "resnet18",
        "efficientnet_lite0",
    )


def test_weights_of_a_name_choose_their_input_and_their_licence() -> None:
    plain = recipe_of("regnet_y_16gf")
    swag = recipe_of("regnet_y_16gf@IMAGENET1K_SWAG_E2E_V1")
    assert (plain.view.side, plain.licence, plain.digits) == (224, "", "3e4a00f9")
    assert (swag.view.side, swag.view.interpolation, swag.digits) == (384, "bicubic", "43afe44d")
    assert "CC-BY-NC 4.0" in swag.licence
    licensed = {name.partition("@")[0] for name in spellings() if recipe_of(name).licence}
    assert all(re.match("regnet_y|vit_", name) for name in licensed) and len(licensed) == 6


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("resnt50", "resnet50,"),
        ("ResNet18", "mean resnet18?"),
        ("efficientnet_lite1", "efficientnet_lite2, efficientnet_lite0 or"),
        ("regnet_y_16gf_lc_swag", "mean regnet_y_16gf@IMAGENET1K_SWAG_LINEAR_V1?"),
        ("ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1", "mean vit_b_16@IMAGENET1K_SWAG_E2E_V1"),
        ("resnet50@V2", "Write resnet50 or resnet50@IMAGENET1K_V2."),
        ("vgg16@IMAGENET1K_FEATURES", "Write vgg16."),
        ("mobilenet_v2+resnet5", "resnet50"),
        ("fasterrcnn_resnet50_fpn", "detection networks"),
        ("deeplabv3_resnet50", "segmentation networks"),
        ("r3d_18", "video networks"),
        ("quantized_resnet50", "quantized networks"),
        ("raft_large", "optical-flow networks"),
        ("clip", "no backbone 'clip'. `tag4pic weights --all`"),
        ("", "no backbone ''. `tag4pic weights --all`"),
        ("resnet50+resnet50@IMAGENET1K_V1", "with itself"),
        ("+".join(NETWORKS[:8]), "longer than the 64 characters"),
    ],
)
def test_a_name_that_is_no_backbone_is_refused_with_what_was_meant(name: str, meant: str) -> None:
    assert meant in refusal(name)


@pytest.mark.parametrize(
    ("name", "pattern", "older"),
    [
        ("densenet121", r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2"),
        ("vit_b_32", r"mlp\.0\.", "mlp.linear_1."),
    ],
)
def test_names_of_files_before_torchvision_renamed_layers_are_understood(
    name: str, pattern: str, older: str
) -> None:
    recipe = recipe_of(name)
    state = Network(recipe).module.state_dict()
    renamed = {re.sub(pattern, older, key): tensor for key, tensor in state.items()}
    assert renamed.keys() != state.keys()
    wrong, tensors = Network(recipe).fill(renamed)
    assert not wrong and tensors >= len(state)


def test_a_safetensors_file_needs_no_versions_of_layers(tmp_path: Path) -> None:
    state = drawn("mnasnet0_5").state_dict()
    torch.save(state, tmp_path / "mnasnet0_5.pth")
    expected = load_backbone("mnasnet0_5", tmp_path).features(photos())
    (tmp_path / "mnasnet0_5.pth").unlink()
    save_file(dict(state), tmp_path / "mnasnet0_5.safetensors")
    np.testing.assert_array_equal(
        load_backbone("mnasnet0_5", tmp_path).features(photos()), expected
    )


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize(
    ("name", "of", "spoil", "refused"),
    [
        # One has all layers of the other, of the same shapes, and some more.
        ("resnet18", "resnet34", None, "does not hold the weights of resnet18"),
        ("resnet34", "resnet18", None, "does not hold the weights of resnet34"),
        ("shufflenet_v2_x0_5", "shufflenet_v2_x1_0", None, "another network's"),
        ("squeezenet1_1", "mobilenet_v3_small", None, "tag4pic weights get squeezenet1_1"),
        ("mobilenet_v3_small", "mobilenet_v3_small", cut_short, "cannot be read as weights"),
    ],
)
def test_a_file_of_another_network_or_cut_short_is_refused(
    name: str, of: str, spoil: Callable[[Path], None] | None, refused: str, tmp_path: Path
) -> None:
    file = tmp_path / f"{name}.pth"
    torch.save(models.get_model(of, weights=None).state_dict(), file)
    if spoil is not None:
        spoil(file)
    with pytest.raises(WeightsError, match=refused) as caught:
        load_backbone(name, tmp_path)
    assert "\n" not in str(caught.value) and str(file) in str(caught.value)


def test_a_file_of_the_networks_other_weights_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "regnet_x_400mf.pth"
    torch.save(drawn("regnet_x_400mf").state_dict(), file)
    load_backbone("regnet_x_400mf", tmp_path)
    load_backbone("regnet_x_400mf", tmp_path)
    expected = recipe_of("regnet_x_400mf").digits
    assert f"begins with {sha256(file)[:12]} (expected {expected})" in caplog.text
    assert len(caplog.records) == 1
    older = models.get_model_weights("regnet_x_400mf").IMAGENET1K_V1
    monkeypatch.setattr(older.value, "url", f"https://example.org/x-{sha256(file)[:8]}.pth")
    load_backbone("regnet_x_400mf", tmp_path)
    assert "rename it to regnet_x_400mf@IMAGENET1K_V1.pth" in caplog.text


def test_swag_weights_that_are_missing_say_their_size_and_how_to_get_them(tmp_path: Path) -> None:
    name = "vit_b_16@IMAGENET1K_SWAG_LINEAR_V1"
    with pytest.raises(
        WeightsError, match=f"weights get {name}` downloads them .330 MB.*{name}.pth"
    ):
        load_backbone(name, tmp_path)
