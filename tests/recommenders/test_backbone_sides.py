"""Backbones that see photos at another side than their own: other backbones by name."""

import numpy as np
import pytest
from PIL import Image

from recommenders.backbones.backbone import load_backbone
from recommenders.backbones.network import takes_its_side
from recommenders.backbones.recipe import UnknownBackboneError
from recommenders.backbones.registry import at_side, dims, names_of, recipe_of
from tests.recommenders.pictures import corners


def test_the_side_is_part_of_the_name_but_for_the_networks_own() -> None:
    assert at_side("efficientnet_lite2", 200) == "efficientnet_lite2@200px"
    assert at_side("efficientnet_lite2", 260) == "efficientnet_lite2"
    assert names_of("efficientnet_lite2@260px") == ("efficientnet_lite2",)
    joined = at_side("efficientnet_lite0+efficientnet_lite2", 224)
    assert joined == "efficientnet_lite0+efficientnet_lite2@224px"
    assert at_side("resnet18@IMAGENET1K_V1", 200) == "resnet18@200px"
    assert dims(joined) == 2560


def test_as_much_of_a_photo_is_seen_at_another_side() -> None:
    assert (recipe_of("resnet18").view.crop_from, recipe_of("resnet18").view.side) == (256, 224)
    view = recipe_of("resnet18@448px").view
    assert (view.crop_from, view.side, view.shorter_side) == (512, 448, 512)


@pytest.mark.parametrize(
    ("name", "side", "reason"),
    [
        ("efficientnet_lite0", 20, "64 to 640 pixels, not at 20"),
        ("efficientnet_lite0@200px", 224, "so not also at 224"),
        ("resnt50", 200, "Did you mean resnet50"),
    ],
)
def test_a_side_that_cannot_be_is_refused_in_a_sentence(name: str, side: int, reason: str) -> None:
    with pytest.raises(UnknownBackboneError, match=reason):
        at_side(name, side)


@pytest.mark.parametrize(
    ("name", "takes"),
    [
        ("efficientnet_lite0@200px", True),
        ("resnet18@64px", True),
        ("vit_b_16@200px", False),
        ("maxvit_t@200px", False),
        ("inception_v3@64px", False),
    ],
)
def test_a_network_whose_layers_count_places_takes_no_other_side(name: str, takes: bool) -> None:
    assert takes_its_side(recipe_of(name)) == takes


def test_a_backbone_at_another_side_has_the_same_weights_and_other_features() -> None:
    own, smaller = load_backbone("efficientnet_lite0"), load_backbone("efficientnet_lite0@200px")
    photo = corners(300, 200)
    seen, seen_smaller = own.features([photo]), smaller.features([photo])
    assert own.sha256 == smaller.sha256 and smaller.side == 200
    assert not np.array_equal(seen, seen_smaller)
    square = photo.resize((200, 200), Image.Resampling.BICUBIC, reducing_gap=3.0)
    np.testing.assert_allclose(smaller.features([square]), seen_smaller, atol=1e-5)
