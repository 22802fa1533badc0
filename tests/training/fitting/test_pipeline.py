"""A dataset to a bundle through the functions that the commands call."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from recommenders.answers import AnswerRequest
from recommenders.backbones.torchvision_ops import import_torchvision_models
from recommenders.backbones.weights import WeightsError
from recommenders.engine import Engine
from recommenders.knowledge import Knowledge
from tests.shapes import shapes, small_plan, write_posts
from training.evaluation.evaluate import answer_split
from training.fitting.pipeline import fit_dataset, fit_hashtags
from training.fitting.plan import Plan, with_values
from training.fitting.plan_files import read_plan
from training.fitting.prepare import Networks


def without_copies(folder: Path) -> Plan:
    """A plan that fits in a second, on the photos as they are."""
    return with_values(read_plan(small_plan(folder)), ["photos.mirrored=false"])


def test_an_album_is_one_post_of_what_is_learnt_about_hashtags(tmp_path: Path) -> None:
    party = {"hashtags": ["party", "venue"], "likes": 100, "album": "p1"}
    rows = [party] * 10 + [{"hashtags": ["sea", "sun", "sand"], "likes": 9}] * 6
    rows.append({"hashtags": ["party", "sea"], "likes": 1})
    plan = with_values(Plan(), ["min_count=2", "vectors.epochs=1", "categories=2"])
    dataset = write_posts(tmp_path / "posts", rows)
    bundle = fit_hashtags(dataset, tmp_path / "mine", plan=plan)
    known = Knowledge(bundle)
    assert set(bundle.hashtags) == {"sea", "sun", "sand", "party"}
    assert (known.uses("party"), known.median_likes("party")) == (2, 50.5)
    assert bundle.provenance["posts"] == 8
    assert bundle.arrays["ranking"]["popularity"].max() == np.float32(7.5 / 9)


def test_word2vec_is_fitted_over_resnet50_where_its_weights_are_in_place(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = import_torchvision_models().resnet50(weights=None)
    weights = tmp_path / "weights"
    weights.mkdir()
    save_file(network.state_dict(), weights / "resnet50.safetensors")
    dataset = shapes(tmp_path / "posts", 24, test=6)
    bundle = fit_dataset(
        dataset,
        tmp_path / "mine",
        Networks(tmp_path / "features", weights, "w2v", fetch=False),
        plan=without_copies(tmp_path),
    )
    assert list(bundle.backbones) == ["resnet50"]
    assert bundle.array("w2v", "weight1", None, 2048).shape[1] == 2048
    engine = Engine.load(tmp_path / "mine", weights)
    assert engine.backends == ("w2v",)
    answers = answer_split(
        dataset,
        tmp_path / "mine",
        top=3,
        weights_dir=weights,
        cache_dir=tmp_path / "features",
    )
    assert set(answers.tops) == {"w2v", "popularity", "als_seed", "w2v_seed"}


def test_two_backbones_joined_are_fitted_and_answer_as_one(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = import_torchvision_models().mobilenet_v2(weights=None)
    weights = tmp_path / "weights"
    weights.mkdir()
    save_file(network.state_dict(), weights / "mobilenet_v2.safetensors")
    name = "efficientnet_lite0+mobilenet_v2"
    dataset = shapes(tmp_path / "posts", 24, test=6)
    bundle = fit_dataset(
        dataset,
        tmp_path / "mine",
        Networks(tmp_path / "features", weights, backbone=name, fetch=False),
        plan=without_copies(tmp_path),
    )
    assert list(bundle.backbones) == [name]
    assert sorted(path.name.split("-")[0] for path in (tmp_path / "features").glob("*.sqlite")) == [
        "efficientnet_lite0",
        "mobilenet_v2",
    ]
    engine = Engine.load(tmp_path / "mine", weights)
    photo = Image.open(next((dataset / "images").iterdir()))
    (answer,) = engine.recommend(engine.features([photo], [name]), "both", top=3)
    assert len(answer) == 3
    answers = answer_split(
        dataset, tmp_path / "mine", top=3, weights_dir=weights, cache_dir=tmp_path / "features"
    )
    assert {"als", "w2v", "both"} < set(answers.tops)


def test_any_network_of_torchvisions_is_fitted_and_answers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = import_torchvision_models().get_model("shufflenet_v2_x0_5", weights=None)
    weights = tmp_path / "weights"
    weights.mkdir()
    torch.save(network.state_dict(), weights / "shufflenet_v2_x0_5.pth")
    dataset = shapes(tmp_path / "posts", 24, test=6)
    name = "shufflenet_v2_x0_5@IMAGENET1K_V1"  # which is what its name alone means
    bundle = fit_dataset(
        dataset,
        tmp_path / "mine",
        Networks(tmp_path / "features", weights, backbone=name, fetch=False),
        plan=without_copies(tmp_path),
    )
    assert list(bundle.backbones) == ["shufflenet_v2_x0_5"]
    engine = Engine.load(tmp_path / "mine", weights)
    assert engine.min_side == 256
    photo = Image.open(next((dataset / "images").iterdir()))
    features = engine.features([photo], engine.backbones["both"])
    assert len(engine.answer(features, AnswerRequest("both", 3))) <= 3


def test_weights_that_are_missing_are_told_before_anything_is_computed(tmp_path: Path) -> None:
    dataset = shapes(tmp_path / "posts", 12, test=3)
    with pytest.raises(WeightsError, match=r"mobilenet_v2\.pth"):
        fit_dataset(
            dataset,
            tmp_path / "mine",
            Networks(tmp_path / "features", tmp_path / "weights", fetch=False),
            plan=Plan(),
        )
    assert not (tmp_path / "features").exists()


def test_a_bundle_keeps_how_its_head_learnt(tmp_path: Path) -> None:
    bundle = fit_dataset(
        shapes(tmp_path / "posts", 30, test=6),
        tmp_path / "mine",
        Networks(tmp_path / "features", backbone="efficientnet_lite0"),
        plan=without_copies(tmp_path),
    )
    epochs = bundle.metrics["history"]["w2v"]
    assert len(epochs) == 6
    losses = [loss for loss, _ in epochs]
    assert losses[-1] < losses[0]
    assert all(0 <= recall <= 1 for _, recall in epochs)
