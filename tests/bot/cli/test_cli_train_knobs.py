"""Knobs of a fit: listed by ``plan``, turned by ``--set`` and files, searched by ``tune``."""

import json
import re
from pathlib import Path

import pytest

from recommenders import bundle as bundles
from tests.bot.cli.fitted import Fitted, Tag4pic, refusal
from tests.shapes import draw, posts_of, shapes
from training.fitting.plan import changed, knobs
from training.fitting.plan_files import plan_from_json, plan_to_json, read_plan


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        ("{", "is not JSON"),
        ("[]", "must be a JSON object"),
        ('{"alz": {}}', "no knob 'alz'"),
        ('{"als": 3}', "als in the plan must be a JSON object"),
        ('{"als": {"factor": 3}}', "Did you mean als.factors?"),
        ('{"head": {"hidden": "many"}}', "head.hidden takes a whole number from 1 to 8,192, not"),
        ('{"head": {"rate": NaN}}', "head.rate takes a number above 0 to 1, not NaN"),
        ('{"head": {"loss": "hinge"}}', "head.loss takes softmax or kld_bce"),
        ('{"validation": 1.5}', "validation takes a number above 0 to below 1"),
    ],
)
def test_a_plan_that_cannot_be_used_says_where(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, plan: str, reason: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan)
    assert reason in refusal(train(*fitted.fit(tmp_path / "out", plan=file)))


EVERY_KNOB = {
    "min_count": "2",
    "validation": "0.2",
    "heads": "2",
    "categories": "3",
    "seed": "3",
    "photos.side": "96",
    "photos.mirrored": "false",
    "photos.jitter": "1",
    "photos.jitter_strength": "0.3",
    "vectors.model": "cbow",
    "vectors.dims": "12",
    "vectors.window": "2",
    "vectors.negative": "4",
    "vectors.min_count": "2",
    "vectors.epochs": "3",
    "vectors.fewest_uses": "3",
    "als.variance": "0.85",
    "als.damping": "0.25",
    "als.factors": "6",
    "als.alpha": "20",
    "als.regularization": "0.2",
    "als.iterations": "4",
    "als.neighbours": "7",
    "als.sharpness": "10",
    "head.loss": "kld_bce",
    "head.hidden": "32",
    "head.batch_norm": "true",
    "head.epochs": "5",
    "head.stop_after": "4",
    "head.uses": "500000",
    "head.batch": "16",
    "head.rate": "0.003",
    "head.vector_rate": "0.5",
    "head.weight_decay": "0.01",
    "head.dropout": "0.2",
    "choosing.exponents": "0,0.2",
    "choosing.als_weights": "0.5,0.6",
    "choosing.rare": "0.4",
    "choosing.most": "9",
    "fusion.trees": "10",
    "fusion.depth": "2",
    "fusion.rate": "0.2",
    "fusion.subsample": "0.6",
    "fusion.leaf": "5",
    "fusion.negatives": "0.9",
    "fusion.most": "100",
}
AGAINST_THEM = {
    *("vectors.uses", "vectors.fewest_epochs", "vectors.most_epochs"),  # vectors.epochs
    "head.patience",  # head.stop_after
    "head.averaging",  # head.batch_norm
}


def test_a_fit_with_every_knob_turned_says_and_keeps_them_and_serves_the_same_side(
    train: Tag4pic, tag4pic: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    assert {*EVERY_KNOB, *AGAINST_THEM} == set(knobs())
    out = tmp_path / "mine"
    settings = [item for name, text in EVERY_KNOB.items() for item in ("--set", f"{name}={text}")]
    arguments = [
        *("fit", "--dataset", str(fitted.dataset), "--out", str(out)),
        *("--backbone", "efficientnet_lite0", "--cache", str(tmp_path / "features")),
    ]
    result = train(*arguments, *settings)
    assert result.exit_code == 0, result.output
    for name, text in EVERY_KNOB.items():
        assert f" {name}={text}" in result.stdout
    bundle = bundles.load(out)
    assert set(changed(plan_from_json(bundle.provenance["plan"]))) == set(EVERY_KNOB)
    pca = bundle.provenance["pca"]
    assert pca["components"] == len(bundle.arrays["als"]["components"])
    assert 0.85 <= pca["variance"] < 0.95
    assert f"{pca['components']} components, {100 * pca['variance']:.1f} %" in result.stdout
    assert "Vectors: 3 epochs" in result.stdout and bundle.provenance["vector_epochs"] == 3
    assert list(bundle.backbones) == ["efficientnet_lite0@96px"]
    assert bundle.settings["als"]["neighbours"] == 7
    assert bundle.array("w2v", "vectors", None, None).shape[1] == 2 * 12
    photo = tmp_path / "new.png"
    draw("red", "circle", 999).save(photo)
    answer = json.loads(
        tag4pic("recommend", str(photo), "--json", env={"MODEL_DIR": str(out)}).stdout
    )
    assert answer["backbone"] == "efficientnet_lite0@96px" and answer["hashtags"]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--set", "vectors.windwo=2"], "Did you mean vectors.window?"),
        (["--set", "vectors.window=0"], "takes a whole number from 1 to 100, not 0"),
        (["--set", "vectors.dims=10000"], "takes a whole number from 2 to 1,000"),
        (["--loss", "hinge"], "head.loss takes softmax or kld_bce, not hinge"),
        (["--loss", "softmax", "--set", "head.loss=kld_bce"], "kld_bce and to softmax"),
        (["--seed", "1", "--set", "seed=2"], "seed is set to 2 and to 1"),
        (["--backend", "als", "--set", "head.hidden=9"], "has no effect with --backend als"),
        (["--backend", "als", "--set", "photos.jitter=2"], "has no effect"),
        (["--backend", "w2v", "--set", "als.alpha=9"], "has no effect with --backend w2v"),
        (["--backend", "tags", "--set", "photos.side=200"], "has no effect"),
        (
            ["--backbone", "efficientnet_lite0@200px", "--set", "photos.side=224"],
            "so not also at 224",
        ),
        (["--set", "min_count=61"], "on 61 or more posts with a photo. Lower min_count"),
    ],
)
def test_knobs_that_cannot_be_turned_so_are_refused_and_nothing_is_written(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, options: list[str], reason: str
) -> None:
    assert reason in refusal(train(*fitted.fit(tmp_path / "out"), *options))
    assert not (tmp_path / "out").exists()


def test_plan_lists_every_knob_and_what_was_turned(
    tag4pic: Tag4pic, fitted: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    options = ["--plan", str(fitted.plan), "--set", "vectors.window=2"]
    table = tag4pic("train", "plan", *options).stdout
    for knob in knobs().values():
        assert re.search(rf"^ *{re.escape(knob.name)} .*{re.escape(knob.does)}", table, re.M), knob
    assert re.search(r"vectors\.window +2, not 3 ", table)
    assert re.search(r"head\.hidden +48, not 1280 ", table)
    listed = json.loads(tag4pic("train", "plan", *options, "--json").stdout)
    assert [one["knob"] for one in listed] == list(knobs())
    turned = {one["knob"]: one["value"] for one in listed if one["value"] != one["default"]}
    assert turned == {**changed(read_plan(fitted.plan)), "vectors.window": 2}
    assert "no knob 'windwo'" in refusal(tag4pic("train", "plan", "--set", "windwo=2"))


def test_tune_never_sees_the_test_split_and_goes_on_from_its_study(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    dataset = shapes(tmp_path / "posts", 40, test=10)
    for row in posts_of(dataset):
        if row["split"] == "test":
            (dataset / row["image"]).unlink()
    plan = tmp_path / "plan.json"
    arguments = [
        *("tune", "--dataset", str(dataset), "--out", str(plan), "--plan", str(fitted.plan)),
        *("--backbone", "efficientnet_lite0", "--cache", str(fitted.cache), "--no-mirrored"),
    ]
    result = train(*arguments, "--trials", "1")
    assert result.exit_code == 0, result.output
    assert "of 2 trials" in result.stdout
    result = train(*arguments, "--trials", "2")
    assert "of 4 trials" in result.stdout
    result = train(*arguments, "--trials", "2")  # nothing left to try
    assert "of 4 trials" in result.stdout
    gains = re.findall(r": ([\d.]+) → ([\d.]+) \(recall", result.stdout)
    assert len(gains) == 2 and all(float(before) <= float(after) for before, after in gains)
    best = json.loads(plan.read_text())
    assert best["head"]["epochs"] == 6  # what is not searched stays as it was
    assert plan_to_json(read_plan(plan)) == best  # as fit --plan reads it
    other = shapes(tmp_path / "other", 20, test=4)
    arguments = [*("tune", "--dataset", str(other), "--out", str(plan), "--trials", "1")]
    result = train(*arguments, "--backbone", "efficientnet_lite0", "--cache", str(fitted.cache))
    assert "an earlier version of tag4pic. Choose another file with --study" in refusal(result)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--out", "."), ". cannot be written (Is a directory)."),
        (("--out", ""), ". cannot be written (Is a directory)."),
        (("--out", "x.study"), "x.study cannot be both the plan and the study: name another file"),
        (("--out", "x.json", "--study", "./x.json"), "x.json cannot be both the plan and the"),
    ],
)
def test_a_search_needs_a_file_for_its_plan_and_one_for_its_study(
    train: Tag4pic, folder: Path, options: tuple[str, ...], reason: str
) -> None:
    assert reason in refusal(train("tune", "--dataset", "nowhere", *options))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("option", ["--out", "--study"])
def test_a_search_whose_files_cannot_be_written_is_refused_before_it(
    train: Tag4pic, folder: Path, option: str
) -> None:
    pytest.importorskip("optuna")
    (folder / "note").touch()
    result = train("tune", "--dataset", "nowhere", option, "note/file")
    assert refusal(result) == "Error: note/file cannot be written (Not a directory)."
    assert list(folder.iterdir()) == [folder / "note"]
