"""``tag4pic bench``: how fast this machine answers, and what it bears."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommenders import bundle as bundles
from tests.bot.cli.fitted import refusal

Tag4pic = Callable[..., Any]
Photo = Callable[..., str]


@pytest.fixture
def two_photos(photo: Photo) -> str:
    photo("two/a.jpg")
    photo("two/b.jpg")
    return "two"


def test_each_step_stands_beside_the_plain_way(
    tag4pic: Tag4pic, two_photos: str, folder: Path
) -> None:
    parts = ("--only", "answering", "--only", "growth", "--plot", "growth.svg")
    result = tag4pic("bench", "--quick", "--photos", two_photos, *parts, "--json")
    assert result.exit_code == 0, result.stderr
    measured = json.loads(result.stdout)
    rows = {row["name"]: row for row in measured["rows"]}
    assert set(rows) >= {
        *("decode", "features, efficientnet_lite0", "neighbours", "ranking", "photo to hashtags"),
        *("storage, a new photo", "storage, a photo sent again"),
        *("1 at a time", "2 at a time", "8 at a time"),
        *("neighbours of 500 photos", "recall@50 of 2,000 photos", "memory of 2,000 photos"),
    }
    assert all(row["ours"]["value"] >= 0 and row["plain"]["value"] >= 0 for row in rows.values())
    assert rows["recall@50 of 500 photos"]["ours"]["value"] == 1  # scanned
    assert [one["photos"] for one in measured["growth"]] == [500, 2_000]
    drawn = (folder / "growth.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<svg xmlns=")
    assert all(f">{step}</text>" in drawn for step in ("features", "ranking", "exact scan"))


def test_a_bot_under_load_answers_what_it_is_sent_and_leaves_nothing_behind(
    tag4pic: Tag4pic, two_photos: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made := folder / "made").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(made))
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")  # on the way to the true Telegram
    sending = ("--rate", "4", "--seconds", "1", "--users", "2", "--photos", two_photos)
    result = tag4pic("bench", "load", *sending, "--json")
    assert result.exit_code == 0, result.stderr
    load = json.loads(result.stdout)
    assert (load["sent"], load["different"], load["answered"]) == (4, 2, 4)
    assert 0 < load["p50"] <= load["p95"] <= load["p99"]
    assert list(made.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--photos", "nowhere"), "nowhere cannot be opened (No such file or directory)."),
        (("--photos", "."), ". has no photo in it. Name another folder with --photos."),
        (("--plot", "/dev/null/growth.svg"), "/dev/null/growth.svg cannot be written (Not a dir"),
        (("--plot", "growth.png"), "--plot draws SVG: the name growth.png must end in .svg."),
        (("--plot", "a.svg", "--only", "starting"), "--plot draws growth: leave --only out"),
        (("--quick", "--large"), "--quick and --large cannot be combined"),
        (("load", "--rate", "0"), "--rate must be more than 0"),
        (("load", "--rate", "-1"), "--rate must be more than 0"),
        (("load", "--seconds", "0"), "--seconds must be more than 0"),
        (("load", "--photos", "nowhere"), "nowhere cannot be opened"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_cannot_be_measured_is_told_in_a_sentence(
    tag4pic: Tag4pic, arguments: tuple[str, ...], sentence: str
) -> None:
    result = tag4pic("bench", *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert sentence in result.stderr


def test_a_photo_that_cannot_be_read_is_named(
    tag4pic: Tag4pic, two_photos: str, folder: Path
) -> None:
    (folder / "two" / "a.jpg").write_bytes(b"")
    result = tag4pic("bench", "--quick", "--photos", two_photos, "--only", "answering")
    assert result.exit_code == 1
    assert "two/a.jpg: the file is empty. Take it out of the folder." in result.stderr


def test_a_plot_of_a_bundle_without_als_is_refused(
    tag4pic: Tag4pic, bundle_with_both: Path, tmp_path: Path
) -> None:
    bundle = bundles.load(bundle_with_both)
    del bundle.arrays["als"]
    bundles.save(bundle, tmp_path / "w2v")
    result = tag4pic(
        *("bench", "--quick", "--only", "growth", "--plot", "growth.svg"),
        env={"MODEL_DIR": str(tmp_path / "w2v")},
    )
    assert "--plot draws what grows with ALS, which tiny-1 does not have." in refusal(result)


@pytest.mark.parametrize("command", [("bench",), ("bench", "load")], ids=" ".join)
def test_a_bundle_that_is_missing_is_named(tag4pic: Tag4pic, command: tuple[str, ...]) -> None:
    result = tag4pic(*command, env={"MODEL_DIR": "nowhere"})
    assert result.exit_code == 1
    assert "folder nowhere does not exist" in result.stderr
