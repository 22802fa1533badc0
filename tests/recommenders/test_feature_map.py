"""What was taught with another backbone's features, known to a bundle that can map them."""

from pathlib import Path

import numpy as np
import pytest

from recommenders import bundle as bundles
from recommenders.als_fit import read_als
from recommenders.arrays import Floats
from recommenders.bundle import Bundle
from recommenders.engine import Engine
from recommenders.feature_map import FeatureMap, feature_map_part, read_feature_map
from recommenders.nearest import PhotoSpace
from tests.bundles import BACKBONE, tiny_bundle
from tests.recommenders.small_bundle import refusal
from training.fitting.feature_map import fit_feature_map

DIMS, OTHER = 1280, "mobilenet_v2"


def seen_by_both(photos: int) -> tuple[Floats, Floats]:
    """Features of photos by two backbones: either sees the same few things, in its own way."""
    draw = np.random.default_rng(0)
    things = draw.standard_normal((photos, 20))
    ways = draw.standard_normal((2, 20, DIMS))
    one, other = (things @ way + 0.1 * draw.standard_normal((photos, DIMS)) for way in ways)
    return one.astype(np.float32), other.astype(np.float32)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> PhotoSpace:
    bundle = bundles.load(tiny_bundle(tmp_path_factory.mktemp("space") / "tiny"))
    return read_als(bundle).space


@pytest.fixture(scope="module")
def fitted(space: PhotoSpace) -> FeatureMap:
    return fit_feature_map(OTHER, BACKBONE, *seen_by_both(400), space)


def test_mapped_features_are_near_those_of_the_other_backbone(
    space: PhotoSpace, fitted: FeatureMap
) -> None:
    one, other = seen_by_both(400)
    cosines = (space.project(fitted(one)) * space.project(other)).sum(axis=1)
    assert cosines.mean() > 0.95
    assert 0.9 < fitted.itself <= 1


def test_a_map_comes_back_from_a_bundle_as_exact_as_it_is_stored(fitted: FeatureMap) -> None:
    bundle = Bundle("map-1", ["dog"], {BACKBONE: ""})
    again = read_feature_map(bundle.with_parts({"feature_map": feature_map_part(fitted)}))
    assert again is not None
    assert (again.source, again.target, again.itself) == (OTHER, BACKBONE, fitted.itself)
    one, _ = seen_by_both(400)
    assert np.abs(again(one) - fitted(one)).mean() < 0.05 * np.abs(fitted(one)).mean()


def with_map(folder: Path, fitted: FeatureMap) -> Path:
    tiny_bundle(folder)
    bundle = bundles.load(folder).with_parts({"feature_map": feature_map_part(fitted)})
    bundles.save(bundle, folder)
    return folder


def taught_first(engine: Engine) -> bool:
    """Teaches a photo by the other backbone's features, asks by the engine's own."""
    one, other = seen_by_both(400)
    engine.learn({1: ({OTHER: one[7]}, {None: ["ourcat", "кошка"]})})
    (answer,) = engine.recommend({BACKBONE: other[[7]]}, "als", top=2)
    return {hashtag.tag for hashtag in answer} == {"ourcat", "кошка"}


def test_a_photo_taught_with_another_backbone_is_known(tmp_path: Path, fitted: FeatureMap) -> None:
    engine = Engine.load(with_map(tmp_path / "tiny", fitted))
    assert engine.taught_backbones == (BACKBONE, OTHER)
    assert taught_first(engine)


def test_without_a_map_it_is_not(tmp_path: Path) -> None:
    engine = Engine.load(tiny_bundle(tmp_path / "tiny"))
    assert engine.taught_backbones == (BACKBONE,)
    assert not taught_first(engine)


def test_a_map_of_another_shape_is_refused(tmp_path: Path, fitted: FeatureMap) -> None:
    folder = with_map(tmp_path / "tiny", fitted)
    bundle = bundles.load(folder)
    bundle.arrays["feature_map"]["down"] = np.zeros((3, 7), np.int8)
    bundles.save(bundle, folder)
    assert "feature_map/down has shape (3, 7)" in refusal(folder, Engine.load)
