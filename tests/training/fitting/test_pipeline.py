"""A dataset to a bundle through the functions that the commands call."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from recommenders.backbones.torchvision_ops import import_torchvision_models
from recommenders.backbones.weights import WeightsError
from recommenders.engine import Engine
from recommenders.ranking import adjusted
from tests.shapes import shapes, small_plan, write_posts
from training.datasets.format import Post
from training.evaluation.evaluate import evaluate
from training.evaluation.metrics import top_columns
from training.fitting.fit import MAX_HELD, validation_rows
from training.fitting.fusion import Held, Scored, choose_blend, choose_exponent
from training.fitting.pipeline import fit_dataset
from training.fitting.plan import plan_from_json, plan_to_json, read_plan
from training.fitting.prepare import posts_of


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
        backend="w2v",
        weights_dir=weights,
        cache_dir=tmp_path / "features",
        plan=read_plan(small_plan(tmp_path)),
        mirrored=False,
        fetch=False,
    )
    assert list(bundle.backbones) == ["resnet50"]
    assert bundle.array("w2v", "weight1", None, 2048).shape[1] == 2048
    engine = Engine.load(tmp_path / "mine", weights)
    assert engine.backends == ("w2v",)
    found = evaluate(
        dataset,
        tmp_path / "mine",
        at=3,
        weights_dir=weights,
        cache_dir=tmp_path / "features",
    )
    assert set(found.backends) == {"w2v", "popularity", "als_seed", "w2v_seed"}


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
        backbone=name,
        weights_dir=weights,
        cache_dir=tmp_path / "features",
        plan=read_plan(small_plan(tmp_path)),
        mirrored=False,
        fetch=False,
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
    found = evaluate(
        dataset, tmp_path / "mine", at=3, weights_dir=weights, cache_dir=tmp_path / "features"
    )
    assert {"als", "w2v", "both"} < set(found.backends)


def test_weights_that_are_missing_are_told_before_anything_is_computed(tmp_path: Path) -> None:
    dataset = shapes(tmp_path / "posts", 12, test=3)
    with pytest.raises(WeightsError, match=r"mobilenet_v2\.pth"):
        fit_dataset(
            dataset,
            tmp_path / "mine",
            weights_dir=tmp_path / "weights",
            cache_dir=tmp_path / "features",
            fetch=False,
        )
    assert not (tmp_path / "features").exists()


def test_a_bundle_keeps_how_its_head_learnt(tmp_path: Path) -> None:
    bundle = fit_dataset(
        shapes(tmp_path / "posts", 30, test=6),
        tmp_path / "mine",
        backbone="efficientnet_lite0",
        cache_dir=tmp_path / "features",
        plan=read_plan(small_plan(tmp_path)),
        mirrored=False,
    )
    epochs = bundle.metrics["history"]["w2v"]
    assert len(epochs) == 6
    losses = [loss for loss, _ in epochs]
    assert losses[-1] < losses[0]
    assert all(0 <= recall <= 1 for _, recall in epochs)


def test_the_photos_held_back_are_never_fitted_on_and_never_too_many() -> None:
    for total in (2, 3, 10, 57, 80_000):
        fit, held = validation_rows([Post(("one",))] * total, 0.1, seed=3)
        assert sorted([*fit, *held]) == list(range(total))
        assert 1 <= len(held) <= MAX_HELD and len(fit)


def test_a_dataset_that_names_a_validation_split_is_chosen_by_it(tmp_path: Path) -> None:
    splits = ["validation" if number % 5 == 2 else "train" for number in range(20)] + ["test"] * 4
    rows = [{"hashtags": [f"of{number}"], "split": s} for number, s in enumerate(splits)]
    posts = posts_of(write_posts(tmp_path, rows), "train")
    assert len(posts) == 20
    _, held = validation_rows(posts, 0.5, seed=3)
    assert [posts[row].hashtags for row in held] == [("of2",), ("of7",), ("of12",), ("of17",)]
    assert len(posts_of(tmp_path, "validation")) == 4


def test_what_is_chosen_for_many_photos_a_few_at_a_time_is_best_for_all() -> None:
    class Given:
        backbone = "any"

        def scores(self, features: np.ndarray) -> np.ndarray:
            assert len(features) <= 256
            return np.asarray(features, np.float32)

    draw = np.random.default_rng(0)
    truth = draw.random((700, 30)) < 0.1
    popular = np.linspace(0.9, 0.01, 30, dtype=np.float32)
    # Relevance that popularity has come into: only divided by it does it tell what is true.
    relevance = (truth + 0.5 * draw.random(truth.shape)) / 4 * popular**0.5
    held = Held(popular, truth, truth.sum(axis=1))
    scored = Scored(Given(), relevance.astype(np.float32))
    exponent, top = choose_exponent(scored, held)
    assert exponent > 0.2 and top.shape == (700, 5)
    order = adjusted(relevance.astype(np.float32), popular, exponent)
    assert np.array_equal(top, top_columns(order, 5))
    assert held.goodness(top) > held.goodness(scored.top())
    settings, both = choose_blend(scored, scored, held)
    assert settings["popularity_exponent"] > 0.2 and held.goodness(both) > 1


def test_a_plan_comes_back_from_json_as_it_was() -> None:
    plan = plan_from_json({"als": {"factors": 32}, "head": {"dropout": 0, "loss": "kld_bce"}})
    assert plan.als.factors == 32 and plan.head.dropout == 0.0
    assert plan_from_json(plan_to_json(plan)) == plan
    seeded = plan.with_seed(7)
    assert {seeded.seed, seeded.als.seed, seeded.head.seed} == {7}
