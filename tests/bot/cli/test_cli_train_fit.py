"""``tag4pic train fit``: from drawn photos to a bundle that answers."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommenders import bundle as bundles
from recommenders.backbones.backbone import Backbone
from recommenders.engine import Engine
from tests.bot.cli.fitted import Fitted, Tag4pic, refusal
from tests.recommenders.small_bundle import edit_manifest
from tests.shapes import COLOURS, draw, posts_of, shapes, write_posts


def test_a_fit_says_what_it_learnt_and_how_to_use_it(fitted: Fitted) -> None:
    assert "42 photos, 9 hashtags" in fitted.output
    for name in ("als", "w2v", "both"):
        assert re.search(rf"^ *{name} +[01]\.\d+", fitted.output, re.MULTILINE)
    assert "MODEL_DIR=" in fitted.output and "tag4pic run" in fitted.output


def test_a_bundle_knows_the_files_of_weights_that_it_was_fitted_on(fitted: Fitted) -> None:
    bundle = bundles.load(fitted.bundle)
    digest = bundle.backbones["efficientnet_lite0"]
    weights = {"efficientnet_lite0": {"sha256": digest, "official": True}}
    assert bundle.provenance["weights"] == weights
    assert "official" not in fitted.output


def test_the_bundle_answers_photos(tag4pic: Tag4pic, fitted: Fitted, tmp_path: Path) -> None:
    photo = tmp_path / "new.png"
    draw("red", "circle", 999).save(photo)
    result = tag4pic("recommend", str(photo), "--json", env={"MODEL_DIR": str(fitted.bundle)})
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["model"] == "mine-1"
    assert "red" in [hashtag["tag"] for hashtag in answer["hashtags"][:4]]


def test_the_same_seed_gives_the_same_arrays_to_the_byte(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    assert train(*fitted.fit(tmp_path / "again")).exit_code == 0
    assert train(*fitted.fit(tmp_path / "other"), "--seed", "5").exit_code == 0
    names = sorted(path.name for path in fitted.bundle.glob("*.safetensors"))
    assert {"als", "knowledge", "ranking", "w2v"} <= {name.split(".")[0] for name in names}
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (fitted.bundle / name).read_bytes()
    assert (tmp_path / "other" / "w2v.safetensors").read_bytes() != (
        fitted.bundle / "w2v.safetensors"
    ).read_bytes()


def test_an_album_in_a_folder_whose_name_is_not_utf_8_is_learnt(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = shutil.copytree(fitted.dataset, tmp_path / "posts")
    rows = posts_of(dataset)
    for row in rows:
        del row["split"]
    rows[0]["album"] = rows[1]["album"] = "caf\udce9/2024-01-01"
    write_posts(dataset, rows)
    result = train(*fitted.fit(tmp_path / "out", dataset=dataset))
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("backend", ["all", "tags"])
@pytest.mark.parametrize(
    ("out", "reason"),
    [
        ("album", "album holds something other than a bundle (holiday.jpg), which would be lost."),
        ("mine-2", "mine-2 is a version that fine-tuning made of mine-1: choose another folder."),
        ("mine/sub", "mine/sub is inside the bundle "),
        ("mine/sub/deep", "mine/sub/deep is inside the bundle "),
        ("note/mine", "No bundle can be written to note/mine (Not a directory)."),
        (".", "is the current folder, which a bundle would replace. Choose another."),
        ("/", "/ is a mount point: choose a folder in it."),
        ("loop", "No bundle can be written to loop ("),
        ("loop/mine", "No bundle can be written to loop/mine ("),
        ("m" * 240, f"No bundle can be written to {'m' * 240} (File name too long)."),
    ],
)
def test_a_folder_that_cannot_be_written_is_refused_before_the_fit(
    train: Tag4pic, fitted: Fitted, folder: Path, out: str, reason: str, backend: str
) -> None:
    (folder / "album").mkdir()
    (folder / "album" / "holiday.jpg").write_bytes(b"precious")
    shutil.copytree(fitted.bundle, folder / "mine-2")
    edit_manifest(folder / "mine-2", provenance={"fine_tuned_from": "mine-1"})
    shutil.copytree(fitted.bundle, folder / "mine")
    (folder / "note").touch()
    (folder / "loop").symlink_to("loop")
    before = sorted(folder.rglob("*"))
    dataset = folder.parent / "nowhere"
    result = train(*fitted.fit(Path(out), dataset=dataset), "--backend", backend)
    assert reason in refusal(result)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("resnt50", "Did you mean resnet50,"),
        ("efficientnet_lite0+efficientnet_lite0", "with itself"),
        ("fasterrcnn_resnet50_fpn", "detection networks"),
    ],
)
def test_a_name_that_is_no_backbone_is_refused_in_one_line(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, name: str, reason: str
) -> None:
    result = train(*fitted.fit(tmp_path / "other"), "--backbone", name)
    assert reason in refusal(result) and not (tmp_path / "other").exists()


def test_a_fit_that_was_interrupted_goes_on_where_it_stopped(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.features.compute.BATCH", 8)
    dataset = shapes(tmp_path / "posts", 24, test=0)
    arguments = [
        *("fit", "--dataset", str(dataset), "--out", str(tmp_path / "mine"), "--no-mirrored"),
        *("--backbone", "efficientnet_lite0", "--plan", str(fitted.plan)),
        *("--cache", str(tmp_path / "features")),
    ]
    seen: list[int] = []
    compute = Backbone.features_of_pixels

    def interrupted(self: Backbone, batch: Any) -> Any:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(len(batch))
        return compute(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Backbone, "features_of_pixels", interrupted)
        result = train(*arguments)
    assert result.exit_code == 130
    assert result.stderr == "Stopped. What was done is kept: run the same command to go on.\n"
    assert sum(seen) == 16 and not (tmp_path / "mine").exists()

    def counted(self: Backbone, batch: Any) -> Any:
        seen.append(len(batch))
        return compute(self, batch)

    monkeypatch.setattr(Backbone, "features_of_pixels", counted)
    assert train(*arguments).exit_code == 0
    assert sum(seen) == 24  # none of the sixteen twice
    assert bundles.load(tmp_path / "mine").provenance["photos"] == 24


def written(folder: Path, rows: list[Any]) -> Path:
    dataset = folder / "bad"
    (dataset / "images").mkdir(parents=True)
    for number, colour in enumerate(COLOURS):
        draw(colour, "circle", number).save(dataset / "images" / f"{colour}.jpg")
    return write_posts(dataset, rows)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "has no usable post"),
        (["", "nonsense"], "not JSON"),
        ([{"hashtags": ["red"], "image": "images/red.jpg", "split": "train"}], "Only one post"),
        ([{"hashtags": [], "image": f"images/{c}.jpg"} for c in COLOURS], "No post has a hashtag."),
        ([{"hashtags": ["!"], "split": "test"}], "No post has a hashtag. 1 × not a hashtag"),
        ([{"hashtags": ["red", "warm"]}, {"hashtags": ["blue"]}], "nothing can be learnt"),
        ([{"hashtags": ["red"], "image": f"images/gone{n}.jpg"} for n in range(9)], "can be read"),
        ([{"hashtags": ["a"], "split": "test"}], "no posts in its 'train' split"),
    ],
    ids=[
        *("empty", "no JSON", "one post", "no hashtags", "odd hashtags"),
        *("no photo", "photos gone", "only a test"),
    ],
)
def test_a_dataset_that_cannot_be_learnt_is_one_sentence(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, rows: list[Any], reason: str
) -> None:
    dataset = written(tmp_path, rows)
    line = refusal(train(*fitted.fit(tmp_path / "out", dataset=dataset)))
    assert reason in line
    assert not (tmp_path / "out").exists()


def test_posts_without_hashtags_teach_nothing_about_hashtags_either(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = written(tmp_path, [{"hashtags": [], "image": "images/red.jpg"}])
    line = refusal(train(*fitted.fit(tmp_path / "out", dataset=dataset), "--backend", "tags"))
    assert "No post has a hashtag." in line and "min_count" not in line


@pytest.mark.parametrize("command", ["embed", "fit", "evaluate", "report"])
def test_photos_behind_a_link_that_leads_out_of_the_dataset_are_told(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, command: str
) -> None:
    dataset = tmp_path / "posts"
    dataset.mkdir()
    (dataset / "images").symlink_to(fitted.dataset, target_is_directory=True)
    write_posts(dataset, [{"image": "images/a.jpg", "hashtags": ["red"]}] * 3)
    arguments = {
        "embed": ["embed", "--dataset", str(dataset), "--backbone", "efficientnet_lite0"],
        "fit": fitted.fit(tmp_path / "out", dataset=dataset),
        "evaluate": [*fitted.measured("evaluate", dataset=dataset), "--split", "train"],
        "report": [*fitted.measured("report", dataset=dataset), "--split", "train"],
    }
    line = refusal(train(*arguments[command]))
    assert "No post has both a photo and hashtags" in line
    assert "3 × image behind a symbolic link that leads out of the folder" in line
    assert f"(such as images → {fitted.dataset})" in line


def test_no_dataset_at_all_is_one_sentence(train: Tag4pic, fitted: Fitted, tmp_path: Path) -> None:
    assert "is not a dataset" in refusal(train(*fitted.fit(tmp_path / "out", dataset=tmp_path)))


def test_one_hashtag_for_all_can_be_learnt_and_measured(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    rows = [{**row, "hashtags": ["shape"]} for row in posts_of(fitted.dataset)]
    write_posts(tmp_path / "same", rows)
    shutil.copytree(fitted.dataset / "images", tmp_path / "same" / "images")
    result = train(*fitted.fit(tmp_path / "out", dataset=tmp_path / "same"))
    assert result.exit_code == 0 and "flatters" not in result.stdout
    of_the_fit = bundles.load(tmp_path / "out").metrics["both"]
    assert of_the_fit["precision"] == pytest.approx(0.2)  # one of five places
    file = tmp_path / "figures.json"
    result = train(
        *fitted.measured("evaluate", dataset=tmp_path / "same", bundle=tmp_path / "out"),
        *("--json", str(file)),
    )
    assert result.exit_code == 0 and "flatters" not in result.stdout
    for figures in json.loads(file.read_text())["backends"].values():
        assert figures["recall"] == figures["p@1"] == figures["label_f1"] == 1
        assert figures["precision"] == pytest.approx(0.2)
    page = tmp_path / "page.html"
    report = fitted.measured("report", dataset=tmp_path / "same", bundle=tmp_path / "out")
    assert train(*report, "--at", "1", "--out", str(page)).exit_code == 0
    html = page.read_text(encoding="utf-8")
    assert "1 hashtag known" in html and "first 1 hashtag of" in html and "flatters" not in html


def test_where_photos_held_back_share_no_hashtag_there_is_nothing_to_measure(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = shapes(tmp_path / "posts", 24, test=0)
    rows = posts_of(dataset)
    write_posts(dataset, [{**row, "hashtags": [f"only{n}"]} for n, row in enumerate(rows)])
    fit = fitted.fit(tmp_path / "out", dataset=dataset)
    result = train(*fit, "--backend", "als", "--min-count", "1")
    assert result.exit_code == 0, result.output
    assert "so there is nothing to measure" in result.stdout
    assert "0.000" not in result.stdout and "flatters" not in result.stdout


def test_what_cannot_be_used_is_told_and_the_rest_learnt(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = shapes(tmp_path / "posts", 42, test=9)
    rows: list[Any] = posts_of(dataset)
    rows[0]["likes"], rows[2]["likes"] = -1, "many"
    rows += [
        {"hashtags": ["neverseen", "red"], "split": "train"},  # a hashtag that never has a photo
        {"hashtags": ["two words", "red"], "image": rows[1]["image"], "split": "train"},
        {"hashtags": ["red"], "split": "tran"},
        '{"hashtags": "red"}',
    ]
    write_posts(dataset, rows)
    # As if they vanished, or were cut short, while the fit runs.
    (dataset / rows[3]["image"]).unlink()
    (dataset / rows[4]["image"]).write_bytes((dataset / rows[4]["image"]).read_bytes()[:300])
    (dataset / rows[5]["image"]).write_bytes(b"")
    counts = tmp_path / "counts.csv"
    counts.write_text("tag,posts\nred,200000\ncircle,few\nwarm,-3\n")
    fit = fitted.fit(tmp_path / "out", dataset=dataset)
    result = train(*fit, "--post-counts", str(counts))
    assert result.exit_code == 0, result.output
    assert len(re.findall(r"^1 × ", result.stdout, re.MULTILINE)) >= 4
    assert "1 × likes are not a whole number" in result.stdout
    assert "1 × split is not train, validation or test, so not fitted on" in result.stdout
    assert "left out" not in result.stdout
    assert "1 × not a number of posts (such as line 3: few)" in result.stderr
    engine = Engine.load(tmp_path / "out")
    assert engine.default_mix == "middle" and engine.knowledge is not None
    assert engine.knowledge.posts("red") == 200_000
    assert engine.rated  # its posts have likes, so the chat has styles to choose from
    bundle = bundles.load(tmp_path / "out")
    assert bundle.provenance["photos"] == 33 + 1 - 3
    assert set(bundle.hashtags) == {
        *COLOURS,
        *("circle", "square", "stripes", "warm", "cold", "fresh"),
    }
    assert all(np.isfinite(array).all() for array in bundle.arrays["als"].values())
    assert all(np.isfinite(array).all() for array in bundle.arrays["w2v"].values())


def test_a_dataset_without_splits_keeps_some_photos_for_the_test(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = shapes(tmp_path / "posts", 60, test=0)
    rows = [{k: v for k, v in row.items() if k != "split"} for row in posts_of(dataset)]
    write_posts(dataset, rows)
    assert train(*fitted.fit(tmp_path / "out", dataset=dataset)).exit_code == 0
    learnt = bundles.load(tmp_path / "out").provenance["photos"]
    file = tmp_path / "figures.json"
    result = train(
        *fitted.measured("evaluate", dataset=dataset, bundle=tmp_path / "out"),
        *("--json", str(file)),
    )
    assert result.exit_code == 0, result.output
    assert learnt + json.loads(file.read_text())["photos"] == 60


def test_hashtags_alone_tell_similar_ones_and_categories(
    train: Tag4pic, tag4pic: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    rows = [{"hashtags": row["hashtags"]} for row in posts_of(fitted.dataset)]
    dataset, out = write_posts(tmp_path / "words", rows), tmp_path / "out"
    result = train("fit", "--backend", "tags", "--dataset", str(dataset), "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "60 posts, 9 hashtags" in result.stdout
    similar = tag4pic("tags", "similar", "red", env={"MODEL_DIR": str(out)})
    assert similar.exit_code == 0 and "warm" in similar.stdout
    photo = tmp_path / "new.png"
    draw("red", "circle", 1).save(photo)
    assert "without `--backend tags`" in refusal(
        tag4pic("recommend", str(photo), env={"MODEL_DIR": str(out)})
    )
