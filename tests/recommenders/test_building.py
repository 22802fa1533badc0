"""A bundle becomes an engine, or is refused with a sentence; on a real network."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recommenders import bundle as bundles
from recommenders.backbones.backbone import Backbone, load_backbone
from recommenders.bundle import STARTER, Bundle
from recommenders.engine import Engine
from recommenders.photos import decode
from tests.bundles import tiny_bundle
from tests.recommenders.pictures import corners, encoded
from tests.recommenders.small_bundle import edit_manifest, refusal


@pytest.fixture(scope="module")
def lite() -> Backbone:
    return load_backbone("efficientnet_lite0")


@pytest.fixture(scope="module")
def starter() -> Engine:
    return Engine.load()


@pytest.fixture
def tiny(tmp_path: Path, lite: Backbone, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Loading the same network for every test would only take time.
    monkeypatch.setattr("recommenders.building.load_backbone", lambda name, weights_dir: lite)
    return tiny_bundle(tmp_path / "tiny", w2v="efficientnet_lite0")


def resave(folder: Path, change: Callable[[Bundle], object]) -> None:
    bundle = bundles.load(folder)
    change(bundle)
    bundles.save(bundle, folder)


def test_a_whole_bundle_answers_a_photo(tiny: Path) -> None:
    engine = Engine.load(tiny)
    features = engine.features([decode(encoded(corners(), "JPEG"))], engine.backbones["both"])
    for backend in engine.backends:
        [hashtags] = engine.recommend(features, backend, top=7)
        assert len({hashtag.tag for hashtag in hashtags}) == 7
        assert {hashtag.tag for hashtag in hashtags} <= set(engine.hashtags)


def test_a_bundle_of_other_weights_is_refused(tiny: Path) -> None:
    edit_manifest(tiny, backbones={"efficientnet_lite0": "0123456789abcdef" * 4})
    sentence = refusal(tiny, Engine.load)
    assert "other weights of efficientnet_lite0" in sentence
    assert "begins with 57934424" in sentence and "begins with 0123456789ab," in sentence


def test_a_bundle_of_an_unknown_backbone_is_refused(tiny: Path) -> None:
    edit_manifest(tiny, backbones={"efficientnet_lite0": "ab" * 32, "vgg99": "cd" * 32})
    backbones = json.loads((tiny / bundles.MANIFEST).read_text())["backbones"]
    edit_manifest(tiny, backbones=dict(reversed(backbones.items())))
    assert "'vgg99', which this tag4pic does not have" in refusal(tiny, Engine.load)


@pytest.mark.parametrize("change", [lambda tags: tags.pop(), lambda tags: tags.append("onemore")])
def test_a_vocabulary_of_another_length_is_refused(
    tiny: Path, change: Callable[[list[str]], object]
) -> None:
    resave(tiny, lambda bundle: change(bundle.hashtags))
    assert "has shape" in refusal(tiny, Engine.load)


ARRAYS = [
    *[("als", name) for name in ("mean", "components", "photos", "photo_factors")],
    *[("als", "hashtag_factors"), ("ranking", "popularity"), ("ranking", "rating")],
    *[("w2v", name) for name in ("vectors", "weight1", "bias1", "weight2", "bias2", "prior")],
]


@pytest.mark.parametrize(("part", "name"), ARRAYS)
def test_a_bundle_without_one_of_its_arrays_is_refused(tiny: Path, part: str, name: str) -> None:
    resave(tiny, lambda bundle: bundle.arrays[part].pop(name))
    assert f"lacks the array {part}/{name}" in refusal(tiny, Engine.load)


@pytest.mark.parametrize(("part", "name"), ARRAYS)
def test_a_bundle_with_an_array_of_another_shape_is_refused(
    tiny: Path, part: str, name: str
) -> None:
    def widen(bundle: Bundle) -> None:
        array = bundle.arrays[part][name]
        bundle.arrays[part][name] = np.concatenate([array, array[..., :1]], axis=-1)

    resave(tiny, widen)
    assert "has shape" in refusal(tiny, Engine.load)


@pytest.mark.parametrize(("part", "name"), ARRAYS)
def test_a_bundle_with_a_number_for_an_array_is_refused(tiny: Path, part: str, name: str) -> None:
    resave(tiny, lambda bundle: bundle.arrays[part].update({name: np.zeros((), np.float32)}))
    assert f"{part}/{name} has shape ()" in refusal(tiny, Engine.load)


def test_a_bundle_without_a_recommender_is_refused(tiny: Path) -> None:
    edit_manifest(tiny, parts=["ranking"])
    sentence = refusal(tiny, Engine.load)
    assert "knows hashtags alone" in sentence and "without `--backend tags`" in sentence


MISFITS = [
    ("als", "neighbours", 0),
    ("als", "neighbours", None),
    ("als", "rows_per_photo", 0),
    ("als", "sharpness", None),
    ("als", "class_weight", float("nan")),
    ("als", "of_a_root", float("inf")),
    ("als", "of_a_root", 0),
    ("als", "of_the_future", 1),
    ("w2v", "groups", 0),
    ("w2v", "groups", 7),
    ("w2v", "temperature", 0),
    ("both", "words", {"near": None}),
    ("both", "als_weight", 1e300),
    ("answers", "floor", float("nan")),
    ("answers", "careful", ["baby"]),
    ("answers", "forbidden_pairs", [1]),
    ("w2v_classes", "backbones", None),
    ("fusion", "start", float("nan")),
    ("fusion", "start", float("-inf")),
    ("fusion", "start", -1e300),
    ("people", "hashtags", []),
    ("people", "hashtags", {"ten": ["crowd"]}),
    ("people", "least", {"somebody": "most"}),
    ("feature_map", "source", "vgg99"),
    ("feature_map", "itself", True),
]


@pytest.mark.parametrize(("part", "name", "value"), MISFITS)
def test_a_bundle_with_a_setting_that_cannot_be_is_refused(
    starter: Engine, tmp_path: Path, part: str, name: str, value: object
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    for file in STARTER.iterdir():
        if file.name != bundles.MANIFEST:
            (folder / file.name).symlink_to(file)
    manifest = json.loads((STARTER / bundles.MANIFEST).read_text(encoding="utf-8"))
    manifest["settings"][part][name] = value
    (folder / bundles.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    refusal(folder, lambda folder: Engine.load(folder, at_work=starter))


def test_photos_are_wanted_as_large_as_the_largest_input(tiny: Path) -> None:
    assert Engine.load(tiny).min_side == 224
