"""``tag4pic train compare`` on a dataset drawn here, and its results in the report's page."""

import json
import re
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.bot.cli.fitted import Fitted, Tag4pic, refusal
from tests.shapes import draw, posts_of, write_posts
from training.evaluation.compare import combinations, compare
from training.evaluation.compared import read_results
from training.evaluation.report.sections import comparison
from training.fitting.plan_files import read_plan
from training.fitting.prepare import Networks

LOSSES = ("--over", "head.loss=softmax,kld_bce", "--over", "min_count=1,1000")


def compared(fitted: Fitted, out: Path, *more: str, dataset: Path | None = None) -> list[str]:
    """Arguments of a comparison over the features that the fit has kept."""
    return [
        *("compare", "--dataset", str(dataset or fitted.dataset), "--out", str(out)),
        *("--backbone", "efficientnet_lite0", "--plan", str(fitted.plan), "--backend", "w2v"),
        *("--cache", str(fitted.cache), *more),
    ]


def results_in(folder: Path) -> dict[tuple[str, ...], dict[str, Any]]:
    found = [json.loads(file.read_text()) for file in folder.glob("*.json")]
    return {tuple(result["settings"]): result for result in found}


class Compared:
    """What a comparison of four plans printed, of which two cannot be fitted, and its folder."""

    def __init__(self, fitted: Fitted) -> None:
        self.folder = fitted.folder / "compared"
        result = fitted.train(*compared(fitted, self.folder, *LOSSES))
        assert result.exit_code == 0, result.output
        self.output, self.warnings = result.stdout, result.stderr


@pytest.fixture(scope="module")
def losses(fitted: Fitted) -> Compared:
    return Compared(fitted)


def test_every_combination_is_measured_on_the_same_photos_that_no_fit_saw(losses: Compared) -> None:
    results = results_in(losses.folder)
    fitted = [result for result in results.values() if not result["error"]]
    assert len(results) == 4 and len(fitted) == 2
    assert {result["split"] for result in fitted} == {"validation"}
    assert len({result["photos"] for result in fitted}) == 1 and fitted[0]["photos"] > 0
    for result in fitted:
        metrics, intervals = result["backends"]["w2v"], result["intervals"]["w2v"]
        assert {"recall", "precision", "label_f1", "f2", "accuracy", "n_plus"} <= set(metrics)
        assert intervals["f2"][0] - 1e-9 <= metrics["f2"] <= intervals["f2"][1] + 1e-9
        assert result["cpu_seconds"] > 0 and result["seconds"] > 0


def test_a_combination_that_cannot_be_fitted_is_a_row_that_says_why(losses: Compared) -> None:
    assert results_in(losses.folder)["head.loss=kld_bce", "min_count=1000"]["backends"] == {}
    why = "cannot be fitted: No hashtag is on 1000 or more posts with a photo"
    assert f"head.loss=kld_bce min_count=1000 {why}" in losses.warnings
    assert len(re.findall(r"^(softmax|kld_bce) +1000 +–", losses.output, re.MULTILINE)) == 2
    assert "Accuracy flatters" in losses.output


def test_what_was_fitted_before_is_not_fitted_again(
    train: Tag4pic, fitted: Fitted, losses: Compared
) -> None:
    [file] = losses.folder.glob("head.loss=kld_bce_min_count=1-*.json")
    result = json.loads(file.read_text())
    result["backends"]["w2v"]["recall"] = 0.123
    file.write_text(json.dumps(result))
    # However the same plan is written.
    again = train(*compared(fitted, losses.folder, "--set", "head.loss=kld_bce"))
    assert again.exit_code == 0 and "0.123" in again.stdout
    assert len(results_in(losses.folder)) == 4


def test_another_plan_or_split_is_not_mistaken_for_one_that_was_fitted(
    train: Tag4pic, fitted: Fitted, losses: Compared
) -> None:
    other = ("--set", "head.loss=kld_bce", "--set", "head.epochs=1", "--split", "test")
    result = train(*compared(fitted, losses.folder, *other))
    assert result.exit_code == 0 and "0.123" not in result.stdout
    assert "figures are from the test split" in result.stdout
    assert results_in(losses.folder)["head.loss=kld_bce", "head.epochs=1"]["photos"] == 18


def test_a_comparison_that_is_interrupted_goes_on(fitted: Fitted, tmp_path: Path) -> None:
    plans = combinations(read_plan(fitted.plan), ["head.epochs=1,2"])

    def run(stop_at: str = "never") -> None:
        def progress(doing: str, done: int, total: int) -> None:
            assert total == 2
            if doing.startswith(stop_at):
                raise KeyboardInterrupt

        networks = Networks(fitted.cache, backend="w2v", backbone="efficientnet_lite0")
        compare(fitted.dataset, plans, tmp_path / "out", networks, progress=progress)

    with pytest.raises(KeyboardInterrupt):
        run("head.epochs=2: projection head")
    assert list(results_in(tmp_path / "out")) == [("head.epochs=1",)]
    run("head.epochs=1: ")
    assert set(results_in(tmp_path / "out")) == {("head.epochs=1",), ("head.epochs=2",)}


def test_photos_of_the_validation_split_are_not_learnt_from(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    (tmp_path / "images").mkdir()
    for number in range(3):
        draw("red", "circle", number).save(tmp_path / "images" / f"{number}.jpg")
    rows = [
        {"hashtags": ["blue"], "image": "images/0.jpg", "split": "train"},
        {"hashtags": ["blue"], "image": "images/1.jpg", "split": "train"},
        {"hashtags": ["red"], "image": "images/2.jpg", "split": "validation"},
    ]
    dataset = write_posts(tmp_path, rows)
    result = train(*compared(fitted, tmp_path / "out", dataset=dataset))
    assert "nothing to measure" in refusal(result)


@pytest.mark.parametrize("known", [{}, {"image": "images/missing.jpg"}])
def test_photos_without_a_hashtag_that_is_learnt_are_nothing_to_measure(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, known: dict[str, str]
) -> None:
    dataset = copytree(fitted.dataset, tmp_path / "posts")
    rows = [row for row in posts_of(dataset) if row["split"] == "train"]
    rows[0] |= {"hashtags": ["elsewhere"], "split": "validation"}
    rows.append({"hashtags": ["red"], "split": "validation"} | known)
    write_posts(dataset, rows)
    result = train(*compared(fitted, tmp_path / "out", dataset=dataset))
    assert "nothing to measure" in refusal(result)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (("--over", "vectors.windows=2,3"), "vectors.window"),
        (("--over", "vectors.window=0"), "vectors.window takes"),
        (("--over", "vectors.window"), "sets no knob"),
        (("--over", "heads=1", "--over", "heads=2"), "compared twice"),
        (("--set", "heads=1", "--over", "heads=2,3"), "set it once"),
        (("--over", "als.variance=0.85,0.95"), "has no effect with --backend w2v"),
        (("--split", "train"), "measure on validation or test"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_fitted(
    train: Tag4pic, fitted: Fitted, tmp_path: Path, wrong: tuple[str, ...], says: str
) -> None:
    assert says in refusal(train(*compared(fitted, tmp_path / "out", *wrong)))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_fitted(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refusal(train(*compared(fitted, tmp_path / "file" / "out")))


def test_the_report_compares_only_what_was_fitted_on_the_same_posts_and_backbone(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    dataset, out = copytree(fitted.dataset, tmp_path / "posts"), tmp_path / "out"
    rows = posts_of(dataset)
    write_posts(dataset, rows[3:])
    lite2 = ("--backend", "als", "--backbone", "efficientnet_lite2")
    for now, more in ((rows[3:], ()), (rows, ()), (rows, ("--backend", "als")), (rows, lite2)):
        write_posts(dataset, now)
        assert train(*compared(fitted, out, *more, dataset=dataset)).exit_code == 0
    page = comparison(read_results(out))
    titles = re.findall("<h3>(.*?)</h3>", page)
    assert sorted(table.count("<tr") - 1 for table in page.split("<table>")[1:]) == [1, 1, 2]
    assert len({re.search(r"posts \w{8}$", title)[0] for title in titles}) == 2  # type: ignore[index]
    assert [title.partition("efficientnet_")[2][:5] for title in titles] == [
        *("lite0", "lite0", "lite2")
    ]


def test_two_datasets_in_one_folder_of_results_are_not_said_to_have_changed(
    train: Tag4pic, fitted: Fitted, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    fewer = copytree(fitted.dataset, tmp_path / "fewer")
    write_posts(fewer, posts_of(fewer)[3:])
    for dataset in (fitted.dataset, fewer):
        assert train(*compared(fitted, out, dataset=dataset)).exit_code == 0
    page = comparison(read_results(out))
    assert page.count("<table>") == 2
    assert "The dataset changed" not in page
