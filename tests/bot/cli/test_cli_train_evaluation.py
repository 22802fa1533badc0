"""``tag4pic train evaluate`` and ``report`` on a bundle fitted on a dataset drawn here."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from shutil import copyfile, copytree

import numpy as np
import pytest
from rich.console import Console

from bot.cli.train_evaluation import add_metrics, metrics_table
from tests.bot.cli.fitted import Fitted, Tag4pic, refusal
from tests.shapes import posts_of, write_posts
from training.datasets.format import DatasetError
from training.evaluation.compared import Result, prepare_folder, result_file, write_result
from training.evaluation.report.page import write_report
from training.progress import silent

METRICS = {
    *("precision", "recall", "f2", "accuracy", "p@1"),
    *("label_precision", "label_recall", "label_f1", "n_plus"),
}


class Evaluated:
    """What ``evaluate`` printed, and the figures it wrote."""

    def __init__(self, fitted: Fitted) -> None:
        file = fitted.folder / "figures.json"
        result = fitted.train(*fitted.measured("evaluate"), "--at", "3", "--json", str(file))
        assert result.exit_code == 0, result.output
        self.output = result.stdout
        self.figures = json.loads(file.read_text())


@pytest.fixture(scope="module")
def evaluated(fitted: Fitted) -> Evaluated:
    return Evaluated(fitted)


def test_evaluate_writes_the_figures_of_the_contract(evaluated: Evaluated) -> None:
    figures = evaluated.figures
    assert {"dataset", "split", "at", "photos", "backends"} <= set(figures)
    head = (figures["dataset"], figures["split"], figures["at"], figures["photos"])
    assert head == ("posts", "test", 3, 18)
    assert list(figures["backends"]) == ["als", "w2v", "both", "popularity", "als_seed", "w2v_seed"]
    for name, metrics in figures["backends"].items():
        assert set(metrics) == METRICS
        assert name in evaluated.output


def test_accuracy_stands_with_a_word_why_it_flatters(evaluated: Evaluated, page: "Page") -> None:
    without_any = f"{evaluated.figures['empty_accuracy']:.4f}"
    for shown in (evaluated.output, page.html):
        assert "Accuracy flatters" in shown and f"any hashtag has {without_any}" in shown


def test_every_figure_lies_in_its_interval(evaluated: Evaluated) -> None:
    for name, metrics in evaluated.figures["backends"].items():
        for key, value in metrics.items():
            low, high = evaluated.figures["intervals"][name][key]
            assert low <= value <= high or np.isclose(value, (low, high)).any()


def test_what_was_learnt_beats_the_constant_list(evaluated: Evaluated) -> None:
    # Colours can be told without any training to speak of.
    backends = evaluated.figures["backends"]
    assert backends["both"]["recall"] > backends["popularity"]["recall"] + 0.2


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_figures_of_photos_that_a_fit_learns_from_are_said_to_flatter(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, split: str
) -> None:
    dataset = copytree(fitted.dataset, tmp_path / "posts")
    rows = posts_of(dataset)
    for row in rows[:9]:
        row["split"] = "validation"
    write_posts(dataset, rows)
    result = train(*fitted.measured("evaluate", dataset=dataset), "--split", split)
    assert result.exit_code == 0, result.output
    assert ("split may flatter" in result.stderr) == (split != "test")


def test_photos_of_the_test_split_that_were_learnt_are_counted(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = copytree(fitted.dataset, tmp_path / "posts")
    for learnt, tested in (("000", "050"), ("001", "051")):
        copyfile(dataset / f"images/{learnt}.jpg", dataset / f"images/{tested}.jpg")
    result = train(*fitted.measured("evaluate", dataset=dataset))
    assert "In training too: 2 photos of the 'test' split" in result.stderr
    assert "flatter" not in train(*fitted.measured("evaluate")).stderr


def test_every_interval_is_whole_on_eighty_columns() -> None:
    figures, intervals = dict.fromkeys(METRICS, 0.95), dict.fromkeys(METRICS, (0.9, 1.0))
    table = metrics_table("posts")
    add_metrics(table, "popularity", figures, intervals)
    console = Console(width=80, record=True)
    console.print(table)
    assert console.export_text().count(".900-1.00") == 5


def test_a_damaged_cache_of_features_is_a_sentence_that_says_what_to_do(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    cache = copytree(fitted.cache, tmp_path / "features")
    for file in cache.glob("*.sqlite"):
        file.write_bytes(b"no database" * 1000)
    result = train(*fitted.measured("evaluate"), "--cache", str(cache))
    assert "is damaged (file is not a database). Delete it: features are" in refusal(result)


def test_a_split_that_nobody_named_is_refused(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    rows = posts_of(fitted.dataset)
    for row in rows:
        del row["split"]
    dataset = write_posts(tmp_path / "posts", rows)
    result = train(*fitted.measured("evaluate", dataset=dataset), "--split", "tset")
    assert "posts names no splits: choose train or test, not 'tset'" in refusal(result)


def test_a_hashtag_counts_however_the_dataset_spells_it(
    train: Tag4pic, fitted: Fitted, evaluated: Evaluated, tmp_path: Path
) -> None:
    dataset = copytree(fitted.dataset, tmp_path / "posts")
    rows = posts_of(dataset)
    for row in rows:
        row["hashtags"] = ["ｆｒｅｓｈ" if tag == "fresh" else tag for tag in row["hashtags"]]
    write_posts(dataset, rows)
    file = tmp_path / "figures.json"
    measured = fitted.measured("evaluate", dataset=dataset)
    result = train(*measured, "--at", "3", "--json", str(file))
    assert result.exit_code == 0, result.output
    assert json.loads(file.read_text())["backends"] == evaluated.figures["backends"]


def test_a_hashtag_counts_that_only_the_bundle_knows(
    train: Tag4pic, fitted: Fitted, evaluated: Evaluated, tmp_path: Path
) -> None:
    dataset = copytree(fitted.dataset, tmp_path / "posts")
    rows = posts_of(dataset)
    for row in rows:
        if row["split"] == "train":
            row["hashtags"] = [tag for tag in row["hashtags"] if tag != "fresh"]
    write_posts(dataset, rows)
    file = tmp_path / "figures.json"
    measured = fitted.measured("evaluate", dataset=dataset)
    result = train(*measured, "--at", "3", "--json", str(file))
    assert result.exit_code == 0, result.output
    figures = json.loads(file.read_text())["backends"]
    for backend in ("als", "w2v", "both"):
        assert figures[backend] == evaluated.figures["backends"][backend]
    assert figures["w2v_seed"] != evaluated.figures["backends"]["w2v_seed"]


def test_figures_that_cannot_be_written_are_refused_before_anything_is_measured(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    for command, option in (("evaluate", "--json"), ("report", "--out")):
        measured = fitted.measured(command, dataset=tmp_path / "nowhere")
        for file, why in ((tmp_path / "file" / "a.b", "Not a directory"), (tmp_path, "Is a dir")):
            result = train(*measured, option, str(file))
            assert f"{file} cannot be written ({why}" in refusal(result)
        assert "nowhere" in refusal(train(*measured, option, str(tmp_path / "new")))
        assert not (tmp_path / "new").exists()


def test_a_split_that_shares_no_hashtag_is_one_sentence(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    photos = [f"{fitted.dataset}/images/{number:03}.jpg" for number in range(2)]
    (tmp_path / "images").mkdir()
    for number, photo in enumerate(photos):
        (tmp_path / "images" / f"{number}.jpg").write_bytes(Path(photo).read_bytes())
    rows = [
        {"hashtags": ["elsewhere"], "image": "images/0.jpg", "split": "test"},
        {"hashtags": ["red"], "image": "images/1.jpg", "split": "train"},
    ]
    result = train(*fitted.measured("evaluate", dataset=write_posts(tmp_path, rows)))
    assert "nothing to measure" in refusal(result)


class Page(HTMLParser):
    """A page, the addresses it refers to, and its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "xlink:href")]


@pytest.fixture(scope="module")
def page_file(fitted: Fitted) -> Path:
    out = fitted.folder / "pages" / "report.html"
    compared = fitted.folder / "results"
    metrics = dict.fromkeys(METRICS, 0.4321)
    intervals = dict.fromkeys(METRICS, (0.4, 0.5))
    same = ("posts", "validation", 3)
    prepare_folder(compared)
    results = (
        Result(
            *same,
            ("heads=1", "head.loss=kld_bce"),
            4,
            {"w2v": metrics},
            {"w2v": intervals},
            0.6,
            12,
            9,
        ),
        Result(*same, ("heads=1", "vectors.dims=900"), error="Out of <memory>."),
    )
    for number, result in enumerate(results):
        write_result(result_file(compared, result.settings, {"plan": number}), result)
    more = ("--out", str(out), "--at", "3", "--compare", str(compared))
    result = fitted.train(*fitted.measured("report"), *more)
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def page(page_file: Path) -> Page:
    return Page(page_file.read_text(encoding="utf-8"))


def test_the_report_is_one_page_that_needs_nothing_beside_itself(page: Page) -> None:
    assert {a.split(":")[0] if ":" in a else a[0] for a in page.addresses} == {"data", "#"}
    assert not {"script", "link", "iframe"} & set(page.tags)
    assert "url(" not in page.html and "@import" not in page.html


def test_the_report_shows_figures_charts_and_photos(page: Page) -> None:
    assert page.tags.count("img") == 18
    assert page.tags.count("svg") > 40  # an interval in each cell, and the charts
    for text in ("popularity", "als_seed", "#red", "Map of the hashtags", "epoch", "✓ #"):
        assert text in page.html
    assert "Posts of the dataset whose likes are known: 60." in page.html
    assert "ImageNet" not in page.html  # of which this bundle knows no hashtags


def test_the_report_shows_plans_compared_and_why_one_could_not_be_fitted(page: Page) -> None:
    for text in (
        "Plans compared",
        ">head.loss=kld_bce<",
        "0.432",
        "12 s",
        "All with heads=1.",
        "Out of &lt;memory&gt;.",
    ):
        assert text in page.html


def test_a_report_of_results_that_are_not_there_is_one_sentence(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    result = train(*fitted.measured("report"), "--compare", str(tmp_path / "nowhere"))
    assert "has no results: `tag4pic train compare" in refusal(result)


def test_the_report_shows_what_the_popular_style_earns(page: Page) -> None:
    # Red earns most, so ranking by what hashtags earn must show.
    likes = re.findall(r'class="who">(relevant|popular)</td><td><b>([\d.,]+)', page.html)
    earned = {style: float(value.replace(",", "")) for style, value in likes}
    assert earned["popular"] >= earned["relevant"] > 0


def test_the_report_is_written_whole(page_file: Path) -> None:
    # Nothing half-written is left beside it.
    assert [path.name for path in page_file.parent.iterdir()] == ["report.html"]


def test_the_report_shows_search_hashtags_as_hashtags_are_written(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset = copytree(fitted.dataset, tmp_path / "caf\udce9")
    rows = posts_of(dataset)
    for row, searched in zip(rows, ["#Travel", "travel", "\ud83d"], strict=False):
        row["search_hashtag"] = searched
    write_posts(dataset, rows)
    result = train(*fitted.measured("report", dataset=dataset), "--out", "report.html")
    assert result.exit_code == 0, result.output
    assert re.findall(r">#(#?travel)</td><td>(\d)", Path("report.html").read_text()) == [
        ("travel", "2")
    ]


def test_a_report_that_cannot_be_put_in_place_leaves_nothing(
    fitted: Fitted, tmp_path: Path
) -> None:
    (out := tmp_path / "report.html").mkdir()
    with pytest.raises(DatasetError, match=r"report\.html \(Is a directory\)"):
        write_report(
            fitted.dataset,
            fitted.bundle,
            out,
            split="test",
            at=3,
            weights_dir=None,
            cache_dir=fitted.cache,
            progress=silent,
        )
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
