"""``tag4pic train`` from photos to a bundle that answers, on a dataset drawn here."""

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from recommenders import bundle as bundles
from recommenders.backbones.backbone import Backbone
from tests.shapes import COLOURS, draw, posts_of, shapes, small_plan, write_posts
from training.fitting.plan import plan_to_json, read_plan

Tag4pic = Callable[..., Any]

FIGURES = {
    "precision",
    "recall",
    "p@1",
    "label_precision",
    "label_recall",
    "label_f1",
    "n_plus",
}


class Fitted:
    """A dataset, the features of its photos and a bundle fitted on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dataset = shapes(folder / "posts")
        self.cache = folder / "features"
        self.plan = small_plan(folder)
        self.bundle = folder / "mine"
        result = CliRunner().invoke(app, ["train", *self.fit(self.bundle)], prog_name="tag4pic")
        assert result.exit_code == 0, result.output
        self.output = result.output

    def fit(self, out: Path, *, dataset: Path | None = None) -> list[str]:
        """Arguments of a fit over the backbone that needs no download."""
        return [
            *("fit", "--dataset", str(dataset or self.dataset), "--out", str(out)),
            *("--backbone", "efficientnet_lite0", "--plan", str(self.plan)),
            *("--cache", str(self.cache)),
        ]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fitted]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("train")
        patch.chdir(home)
        patch.setenv("WEIGHTS_DIR", str(home / "weights"))
        yield Fitted(home)


@pytest.fixture
def train(tag4pic: Tag4pic, fitted: Fitted) -> Tag4pic:
    """train("evaluate", …), with the features that the module's fit has kept."""

    def run(*arguments: str, **more: Any) -> Any:
        return tag4pic("train", *arguments, **more)

    return run


def refused(result: Any) -> str:
    """The one line with which a command refused."""
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    line: str = result.stderr.strip()
    assert line.startswith("Error: ") and "\n" not in line
    return line


def test_a_fit_says_what_it_learnt_and_how_to_use_it(fitted: Fitted) -> None:
    assert "42 photos, 9 hashtags" in fitted.output
    for name in ("als", "w2v", "both"):
        assert re.search(rf"^ +{name} +[01]\.\d+", fitted.output, re.MULTILINE)
    assert "MODEL_DIR=" in fitted.output and "tag4pic run" in fitted.output


def test_evaluate_writes_the_figures_of_the_contract(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    result = train(
        *("evaluate", "--dataset", str(fitted.dataset), "--bundle", str(fitted.bundle)),
        *("--cache", str(fitted.cache), "--at", "3", "--json", str(file)),
    )
    assert result.exit_code == 0, result.output
    found = json.loads(file.read_text())
    assert {"dataset", "split", "at", "photos", "backends"} <= set(found)
    assert (found["dataset"], found["split"], found["at"], found["photos"]) == (
        *("posts", "test"),
        *(3, 18),
    )
    assert list(found["backends"]) == ["als", "w2v", "both", "popularity", "als_seed", "w2v_seed"]
    for name, figures in found["backends"].items():
        assert set(figures) == FIGURES
        for key, value in figures.items():
            low, high = found["intervals"][name][key]
            assert low <= value <= high or np.isclose(value, (low, high)).any()
        assert name in result.stdout
    # Colours can be told without any training to speak of, so what was learnt beats the constant.
    assert found["backends"]["both"]["recall"] > found["backends"]["popularity"]["recall"] + 0.2


def test_the_bundle_answers_photos(tag4pic: Tag4pic, fitted: Fitted, tmp_path: Path) -> None:
    photo = tmp_path / "new.png"
    draw("red", "circle", 999).save(photo)
    result = tag4pic("recommend", str(photo), "--json", env={"MODEL_DIR": str(fitted.bundle)})
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["model"] == "mine-1"
    assert "red" in [hashtag["tag"] for hashtag in answer["hashtags"][:4]]


class _Page(HTMLParser):
    """What a page refers to, and how many pictures it has."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]


def test_the_report_is_one_page_that_needs_nothing_beside_itself(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    out = tmp_path / "pages" / "report.html"
    result = train(
        *("report", "--dataset", str(fitted.dataset), "--bundle", str(fitted.bundle)),
        *("--cache", str(fitted.cache), "--out", str(out), "--at", "3"),
    )
    assert result.exit_code == 0, result.output
    html = out.read_text(encoding="utf-8")
    page = _Page()
    page.feed(html)
    assert {a.split(":")[0] if ":" in a else a[0] for a in page.addresses} == {"data", "#"}
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert "url(" not in html and "@import" not in html
    assert page.tags.count("img") == 18
    assert page.tags.count("svg") > 40  # an interval in each cell, and the charts
    for told in ("popularity", "als_seed", "#red", "Map of the hashtags", "epoch", "✓ #"):
        assert told in html
    # Red earns most, so ranking by what hashtags earn must show.
    likes = re.findall(r'class="who">(relevant|popular)</td><td><b>([\d.,]+)', html)
    earned = {style: float(value.replace(",", "")) for style, value in likes}
    assert earned["popular"] >= earned["relevant"] > 0
    # Written whole: nothing half-written is left beside it.
    assert [path.name for path in out.parent.iterdir()] == ["report.html"]


def test_a_report_that_cannot_be_written_is_one_sentence(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = train(
        *("report", "--dataset", str(fitted.dataset), "--bundle", str(fitted.bundle)),
        *("--cache", str(fitted.cache), "--out", str(tmp_path / "file" / "report.html")),
    )
    assert "cannot be written" in refused(result)


def test_figures_that_cannot_be_written_are_refused_before_anything_is_measured(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = train(
        *("evaluate", "--dataset", str(tmp_path / "nowhere"), "--bundle", str(fitted.bundle)),
        *("--json", str(tmp_path / "file" / "figures.json")),
    )
    assert "figures.json cannot be written" in refused(result)


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


def _bad(folder: Path, rows: list[Any]) -> Path:
    dataset = folder / "bad"
    (dataset / "images").mkdir(parents=True)
    for number, colour in enumerate(COLOURS):
        draw(colour, "circle", number).save(dataset / "images" / f"{colour}.jpg")
    return write_posts(dataset, rows)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "has no usable post"),
        (["", "nonsense"], "not JSON"),
        ([{"hashtags": ["red"], "image": "images/red.jpg", "split": "train"}], "Only one post"),
        ([{"hashtags": [], "image": f"images/{c}.jpg"} for c in COLOURS], "nothing to learn"),
        ([{"hashtags": ["red", "warm"]}, {"hashtags": ["blue"]}], "nothing to learn"),
        ([{"hashtags": ["red"], "image": f"images/gone{n}.jpg"} for n in range(9)], "can be read"),
        ([{"hashtags": ["a"], "split": "test"}], "no post in its 'train' split"),
    ],
    ids=[
        *("empty", "no JSON", "one post", "no hashtags", "no photo", "photos gone", "only a test"),
    ],
)
def test_a_dataset_that_cannot_be_learnt_is_one_sentence(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, rows: list[Any], told: str
) -> None:
    dataset = _bad(tmp_path, rows)
    line = refused(train(*fitted.fit(tmp_path / "out", dataset=dataset)))
    assert told in line
    assert not (tmp_path / "out").exists()


def test_no_dataset_at_all_is_one_sentence(train: Tag4pic, fitted: Fitted, tmp_path: Path) -> None:
    assert "no dataset" in refused(train(*fitted.fit(tmp_path / "out", dataset=tmp_path)))


def test_one_hashtag_for_all_can_be_learnt_and_measured(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    rows = [{**row, "hashtags": ["shape"]} for row in posts_of(fitted.dataset)]
    write_posts(tmp_path / "same", rows)
    shutil.copytree(fitted.dataset / "images", tmp_path / "same" / "images")
    assert train(*fitted.fit(tmp_path / "out", dataset=tmp_path / "same")).exit_code == 0
    file = tmp_path / "figures.json"
    result = train(
        *("evaluate", "--dataset", str(tmp_path / "same"), "--bundle", str(tmp_path / "out")),
        *("--cache", str(fitted.cache), "--json", str(file)),
    )
    assert result.exit_code == 0, result.output
    for figures in json.loads(file.read_text())["backends"].values():
        assert figures["recall"] == figures["p@1"] == figures["label_f1"] == 1
        assert figures["precision"] == pytest.approx(0.2)  # one of five places


def test_what_cannot_be_used_is_told_and_the_rest_learnt(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = shapes(tmp_path / "posts", 42, test=9)
    rows: list[Any] = posts_of(dataset)
    rows[0]["likes"] = -1
    rows += [
        {"hashtags": ["neverseen", "red"], "split": "train"},  # a hashtag that never has a photo
        {"hashtags": ["two words", "red"], "image": rows[1]["image"], "split": "train"},
        '{"hashtags": "red"}',
    ]
    write_posts(dataset, rows)
    # As if they vanished, or were cut short, while the fit runs.
    (dataset / rows[3]["image"]).unlink()
    (dataset / rows[4]["image"]).write_bytes((dataset / rows[4]["image"]).read_bytes()[:300])
    (dataset / rows[5]["image"]).write_bytes(b"")
    result = train(*fitted.fit(tmp_path / "out", dataset=dataset))
    assert result.exit_code == 0, result.output
    assert result.stdout.count("left out") >= 4
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
        *("evaluate", "--dataset", str(dataset), "--bundle", str(tmp_path / "out")),
        *("--cache", str(fitted.cache), "--json", str(file)),
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
    assert "no recommender" in refused(
        tag4pic("recommend", str(photo), env={"MODEL_DIR": str(out)})
    )


def test_a_split_that_shares_no_hashtag_is_one_sentence(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = _bad(
        tmp_path,
        [
            {"hashtags": ["elsewhere"], "image": "images/red.jpg", "split": "test"},
            {"hashtags": ["red"], "image": "images/blue.jpg", "split": "train"},
        ],
    )
    result = train(
        *("evaluate", "--dataset", str(dataset), "--bundle", str(fitted.bundle)),
        *("--cache", str(fitted.cache)),
    )
    assert "nothing to measure" in refused(result)


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ("{", "is not JSON"),
        ("[]", "must be an object"),
        ('{"alz": {}}', "no field alz"),
        ('{"als": {"factor": 3}}', "no field als.factor"),
        ('{"head": {"hidden": "many"}}', "head.hidden must be a whole number"),
        ('{"head": {"rate": -1}}', "head.rate must be a number"),
        ('{"head": {"loss": "hinge"}}', "head.loss is one of softmax, kld_bce"),
        ('{"validation": 1.5}', "validation is a share"),
    ],
)
def test_a_plan_that_cannot_be_used_says_where(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, plan: str, told: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(plan)
    arguments = [part for part in fitted.fit(tmp_path / "out") if part != str(fitted.plan)]
    arguments.insert(arguments.index("--plan") + 1, str(file))
    assert told in refused(train(*arguments))


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
    found = json.loads(plan.read_text())
    assert found["head"]["epochs"] == 6  # what is not searched stays as it was given
    assert plan_to_json(read_plan(plan)) == found  # as fit --plan reads it
    other = shapes(tmp_path / "other", 20, test=4)
    arguments = [*("tune", "--dataset", str(other), "--out", str(plan), "--trials", "1")]
    result = train(*arguments, "--backbone", "efficientnet_lite0", "--cache", str(fitted.cache))
    assert "another file with --study" in refused(result)


def test_import_makes_a_dataset_and_tells_what_it_left_out(tag4pic: Tag4pic, folder: Path) -> None:
    source = folder / "source"
    source.mkdir()
    for number, colour in enumerate(COLOURS):
        draw(colour, "square", number).save(source / f"{colour}.jpg")
    draw("red", "square", 0).save(source / "again.jpg", quality=60)
    (source / "posts.csv").write_bytes(
        "image,hashtags,likes\n"
        "red.jpg,#red #закат,10\nblue.jpg,#blue,-1\ngreen.jpg,#green #red,5\n"
        "again.jpg,#sunset,7\ngone.jpg,#red,1\n".encode("cp1251")
    )
    result = tag4pic("train", "import", str(source), "--to", "posts", env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    for told in ("4 posts", "3 of them with a photo", "gone.jpg", "hidden likes", "cp1251"):
        assert told in result.stdout
    assert "tag4pic train fit --dataset posts" in result.stdout
    rows = posts_of(folder / "posts")
    assert rows[0]["hashtags"] == ["red", "закат", "sunset"] and rows[0]["likes"] == 10
    assert "likes" not in rows[1]


def test_import_refuses_with_a_sentence(tag4pic: Tag4pic, folder: Path) -> None:
    assert "is not there" in refused(tag4pic("train", "import", "nowhere", "--to", "posts"))
    (folder / "empty").mkdir()
    assert "is empty" in refused(tag4pic("train", "import", "empty", "--to", "posts"))
    line = refused(tag4pic("train", "import", "empty", "--to", "posts", "--kind", "zip"))
    assert "harrison" in line


def test_collect_says_what_to_name(tag4pic: Tag4pic, folder: Path) -> None:
    pytest.importorskip("instaloader")
    assert "Name a hashtag or a profile" in refused(tag4pic("train", "collect", "--to", "posts"))
    line = refused(tag4pic("train", "collect", "--hashtag", "no way", "--to", "posts"))
    assert "no way" in line or "hashtag" in line


def test_collect_needs_its_extra(
    tag4pic: Tag4pic, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "instaloader", None)
    line = refused(tag4pic("train", "collect", "--hashtag", "sea", "--to", "posts"))
    assert "pip install 'tag4pic[collect]'" in line
