"""``tag4pic recommend``: the contract that scripts rely on, and what people read."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from recommenders.backbones.torchvision_ops import import_torchvision_models
from recommenders.backends import BACKENDS, STYLES
from tests.bundles import HASHTAGS, tiny_bundle
from tests.rights import without_privileges

Tag4pic = Callable[..., Any]
Photo = Callable[..., str]


def test_json_is_one_object_a_line_in_the_order_of_the_arguments(
    tag4pic: Tag4pic, photo: Photo
) -> None:
    names = [photo(name) for name in ("c.jpg", "a.png", "./b.webp")]
    result = tag4pic("recommend", *names, "--json")
    assert result.exit_code == 0, result.stderr
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert [answer["photo"] for answer in answers] == names
    for answer in answers:
        keys = ["photo", "backend", "backbone", "model", "hashtags", "elapsed_ms"]
        assert list(answer) == keys
        assert answer["backend"] == "als"
        assert answer["backbone"] == "efficientnet_lite0"
        assert answer["model"] == "tiny-1"
        assert len(answer["hashtags"]) == 10
        assert [list(hashtag) for hashtag in answer["hashtags"]] == [["tag", "score"]] * 10
        assert {hashtag["tag"] for hashtag in answer["hashtags"]} <= set(HASHTAGS)
        assert 0 < answer["elapsed_ms"] < 60_000


@pytest.mark.parametrize(("language", "russian"), [("en", 0), ("both", 3), ("ru", 5)])
def test_language_decides_how_many_of_the_first_five_are_russian(
    tag4pic: Tag4pic, photo: Photo, folder: Path, language: str, russian: int
) -> None:
    tags = ["dog", "beach", "sunset", "clouds", "snow", "mountains", "forest", "coffee", "pizza"]
    tiny_bundle(folder / "bundle", hashtags=tags)
    arguments = ("recommend", photo("a.jpg"), "--language", language, "--json")
    result = tag4pic(*arguments, env={"MODEL_DIR": "bundle"})
    answer = json.loads(result.stdout)
    keys = ["photo", "backend", "backbone", "model", "hashtags", "elapsed_ms"]
    assert list(answer) == keys
    first = [hashtag["tag"] for hashtag in answer["hashtags"][:5]]
    assert sum("а" <= tag[0] <= "я" for tag in first) == russian


def test_a_caption_is_evidence_beside_every_photo(
    tag4pic: Tag4pic, photo: Photo, folder: Path
) -> None:
    tiny_bundle(folder / "bundle", w2v="efficientnet_lite0")
    files = (photo("a.jpg"), photo("b.png"))
    common = ("recommend", *files, "--backend", "both", "--top", "40", "--json")

    def scores(*options: str) -> list[float]:
        result = tag4pic(*common, *options, env={"MODEL_DIR": "bundle"})
        answers = [json.loads(line)["hashtags"] for line in result.stdout.splitlines()]
        return [one["score"] for tags in answers for one in tags if one["tag"] == "pizza"]

    without, with_it = scores(), scores("--caption", "The best pizza in town")
    assert len(without) == len(with_it) == 2
    assert all(after > before for before, after in zip(without, with_it, strict=True))


@pytest.mark.parametrize(
    ("options", "count"),
    [(["--for", "instagram"], 5), (["--for", "твиттер"], 2), (["--for", "x", "--top", "7"], 7)],
)
def test_a_platform_decides_how_many_unless_a_number_is_given(
    tag4pic: Tag4pic, photo: Photo, options: list[str], count: int
) -> None:
    result = tag4pic("recommend", photo("a.jpg"), *options, "--json")
    assert len(json.loads(result.stdout)["hashtags"]) == count


def test_a_platform_that_does_not_exist_is_told(tag4pic: Tag4pic, photo: Photo) -> None:
    result = tag4pic("recommend", photo("a.jpg"), "--for", "nowhere")
    assert result.exit_code == 1
    assert "There is no platform nowhere, only instagram, threads" in result.stderr


def test_a_photo_that_cannot_be_read_is_named_and_the_others_are_answered(
    tag4pic: Tag4pic, photo: Photo, folder: Path
) -> None:
    (folder / "notes.txt").write_text("no photo at all, and long enough to look at")
    (folder / "empty.jpg").touch()
    photo("whole.jpg")
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:200])
    names = ["notes.txt", "whole.jpg", "empty.jpg", "cut.jpg", "missing.jpg", photo("last.jpg")]
    result = tag4pic("recommend", *names, "--json")
    assert result.exit_code == 2
    answered = [json.loads(line)["photo"] for line in result.stdout.splitlines()]
    assert answered == ["whole.jpg", "last.jpg"]
    lines = result.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "notes.txt",
        "empty.jpg",
        "cut.jpg",
        "missing.jpg",
    ]
    reasons = ("not an image", "empty", "cut off or damaged", "No such file")
    assert all(reason in line for reason, line in zip(reasons, lines, strict=True))


@pytest.mark.skipif(os.name == "nt", reason="rights as POSIX has them")
def test_a_path_that_cannot_be_looked_up_is_named_and_the_others_are_answered(
    tag4pic: Tag4pic, photo: Photo, folder: Path
) -> None:
    photo("private/a.jpg")
    names = ["private/a.jpg", photo("b.jpg"), "c" * 300]
    (folder / "private").chmod(0)
    with without_privileges():
        result = tag4pic("recommend", *names, "--json")
    (folder / "private").chmod(0o700)
    assert result.exit_code == 2
    assert [json.loads(line)["photo"] for line in result.stdout.splitlines()] == ["b.jpg"]
    private, long = result.stderr.splitlines()
    assert private == "private/a.jpg: the file cannot be opened (Permission denied)"
    assert long.endswith("c: the file cannot be opened (File name too long)")


def test_a_folder_stands_for_the_images_in_it_by_name(
    tag4pic: Tag4pic, photo: Photo, folder: Path
) -> None:
    for name in ("trip/2.PNG", "trip/10.jpg", "trip/1.jpeg", "trip/.hidden.jpg", "trip/day/3.jpg"):
        photo(name)
    (folder / "trip" / "diary.txt").write_text("sunny")
    result = tag4pic("recommend", photo("first.jpg"), "trip", "--json")
    assert result.exit_code == 0
    answered = [json.loads(line)["photo"] for line in result.stdout.splitlines()]
    assert answered == ["first.jpg", "trip/1.jpeg", "trip/10.jpg", "trip/2.PNG"]


def test_a_folder_without_images_is_named(tag4pic: Tag4pic, photo: Photo, folder: Path) -> None:
    (folder / "nothing").mkdir()
    result = tag4pic("recommend", "nothing", photo("a.jpg"))
    assert result.exit_code == 2
    assert "nothing: there is no image in this folder" in result.stderr
    assert "a.jpg" in result.stdout


def test_people_read_the_best_five_on_one_line_and_the_rest_on_the_next(
    tag4pic: Tag4pic, photo: Photo
) -> None:
    result = tag4pic("recommend", photo("a.jpg"), "--top", "30")
    name, five, rest = result.stdout.splitlines()
    assert name == "a.jpg"
    assert len(five.split()) == 5
    assert len(rest.split()) == 25
    assert all(tag.startswith("#") for tag in [*five.split(), *rest.split()])
    few = tag4pic("recommend", "a.jpg", "--top", "3")
    assert few.stdout.splitlines()[1].split() == five.split()[:3]
    assert len(few.stdout.splitlines()) == 2


def test_the_style_changes_what_comes_first(tag4pic: Tag4pic, photo: Photo) -> None:
    photo("a.jpg")

    def first(*options: str) -> str:
        return str(tag4pic("recommend", "a.jpg", *options).stdout)

    assert first() == first("--style", "balanced")
    assert len({first("--style", style) for style in STYLES}) == 3


def test_a_backend_that_is_not_installed_says_which_are(tag4pic: Tag4pic, photo: Photo) -> None:
    result = tag4pic("recommend", photo("a.jpg"), "--backend", "w2v")
    assert result.exit_code == 1
    assert result.stderr == "Error: The backend w2v is not installed: the bundle tiny-1 has als.\n"
    assert result.stdout == ""


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_backend_answers_under_its_own_name(
    tag4pic: Tag4pic, photo: Photo, bundle_with_both: Path, backend: str
) -> None:
    result = tag4pic(
        *("recommend", photo("a.jpg"), "--backend", backend, "--json"),
        env={"MODEL_DIR": str(bundle_with_both)},
    )
    answer = json.loads(result.stdout)
    assert answer["backend"] == backend
    assert answer["backbone"] == "efficientnet_lite0"


def test_two_backbones_are_named_together(tag4pic: Tag4pic, photo: Photo, tmp_path: Path) -> None:
    weights_dir = tmp_path / "weights"
    weights_dir.mkdir()
    network = import_torchvision_models().mobilenet_v2(weights=None)
    save_file(network.state_dict(), weights_dir / "mobilenet_v2.safetensors")
    bundle = tiny_bundle(tmp_path / "two", w2v="mobilenet_v2", weights_dir=weights_dir)
    result = tag4pic(
        *("recommend", photo("a.jpg"), "--backend", "both", "--json"),
        env={"MODEL_DIR": str(bundle)},
    )
    assert json.loads(result.stdout)["backbone"] == "efficientnet_lite0+mobilenet_v2"


def test_a_file_name_that_is_no_unicode_is_answered(command: list[str], photo: Photo) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has such names")
    photo("plain.jpg")
    name = b"caf\xe9.jpg"
    Path("plain.jpg").rename(os.fsdecode(name))
    done = subprocess.run([*command, "recommend", name, "--json"], capture_output=True)
    assert done.returncode == 0, done.stderr
    assert os.fsencode(json.loads(done.stdout)["photo"]) == name
