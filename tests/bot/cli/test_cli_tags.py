"""``tag4pic tags``: similar hashtags and categories out of a bundle."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recommenders.versions import Versions
from tests.bundles import HASHTAGS, tiny_bundle

Tag4pic = Callable[..., Any]

HEADS = "travel food animals cars babies wedding architecture selfie fitness nature".split()  # noqa: SIM905


@pytest.fixture
def tags(tag4pic: Tag4pic, tmp_path: Path) -> Tag4pic:
    """Runs ``tag4pic tags …`` on a bundle that knows similar hashtags and categories."""
    bundle = tiny_bundle(tmp_path / "knowing", knowledge=True)
    return lambda *arguments: tag4pic("tags", *arguments, env={"MODEL_DIR": str(bundle)})


@pytest.mark.parametrize("written", ["sunset", "#Sunset", "ＳＵＮＳＥＴ"])
def test_similar_hashtags_are_listed_however_the_hashtag_is_written(
    tags: Tag4pic, written: str
) -> None:
    result = tags("similar", written, "--top", "3")
    assert result.exit_code == 0, result.stderr
    after = HASHTAGS.index("sunset") + 1
    listed = [line.split()[0] for line in result.stdout.splitlines()]
    assert listed == [f"#{tag}" for tag in HASHTAGS[after : after + 3]]


def test_similar_as_json_gives_tags_and_scores_nearest_first(tags: Tag4pic) -> None:
    rows = [json.loads(line) for line in tags("similar", "закат", "--json").stdout.splitlines()]
    assert len(rows) == 10
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_similar_to_a_russian_hashtag_are_the_russian_neighbours_of_what_it_means(
    tag4pic: Tag4pic, tmp_path: Path
) -> None:
    tags = ["sunset", "sunsetlovers", "sky", "clouds", "snow", "bmxtricks", "dog"]
    bundle = tiny_bundle(tmp_path / "bundle", knowledge=True, hashtags=tags)
    arguments = ("tags", "similar", "#Закат", "--top", "5")
    result = tag4pic(*arguments, env={"MODEL_DIR": str(bundle)})
    listed = [line.split()[0] for line in result.stdout.splitlines()]
    assert listed == ["#люблюзакаты", "#небо", "#облака", "#снег", "#bmxtricks"]


@pytest.mark.parametrize(
    ("typed", "near"), [("sunsett", "#sunset"), ("сабака", "#собака #собачка")]
)
def test_an_unknown_hashtag_gets_one_line_with_what_is_near_in_spelling(
    tags: Tag4pic, typed: str, near: str
) -> None:
    result = tags("similar", typed)
    assert result.exit_code == 1
    line = f"Error: The bundle tiny-1 does not know #{typed}. Similar spellings: {near}.\n"
    assert result.stderr == line


def test_what_is_no_hashtag_gets_one_line(tags: Tag4pic) -> None:
    result = tags("similar", "two words")
    assert result.exit_code == 1
    assert "is not a hashtag" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_model_that_is_not_there_says_which_is(tags: Tag4pic) -> None:
    result = tags("similar", "sunset", "--model", "cbow")
    assert result.exit_code == 1
    assert result.stderr.endswith("has no cbow vectors: it has skipgram.\n")


def test_categories_are_listed_with_their_posts_and_hashtags(tags: Tag4pic) -> None:
    result = tags("categories", "--json", "--top", "2")
    half = len(HASHTAGS) // 2
    expected = []
    for part, posts in ((HASHTAGS[:half], 30), (HASHTAGS[half:], 20)):
        name = "_".join(part[:3])
        row = {"category": name, "title": name, "head": None, "posts": posts, "tags": part[:2]}
        expected.append(row)
    assert [json.loads(line) for line in result.stdout.splitlines()] == expected
    assert "#dog #dogs" in tags("categories").stdout


def test_categories_of_the_starter_stand_under_heads_in_either_language(tag4pic: Tag4pic) -> None:
    starter = {"MODEL_DIR": ""}
    result = tag4pic("tags", "categories", "--json", "--top", "2", env=starter)
    rows = {row["category"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert [name for name, row in rows.items() if row["head"] is None] == list(HEADS)
    assert rows["coffee and tea"]["head"] == "food"
    assert rows["coffee and tea"]["tags"] == ["coffee", "coffeetime"]
    russian = tag4pic("tags", "categories", "--language", "ru", "--top", "2", env=starter).stdout
    line = next(line for line in russian.splitlines() if "кофе и чай" in line)
    assert line.startswith("  ") and "#кофе" in line


def test_a_promoted_version_answers(tag4pic: Tag4pic, tmp_path: Path) -> None:
    base = tiny_bundle(tmp_path / "mine", knowledge=True)
    version = tiny_bundle(tmp_path / "mine-2", knowledge=True, hashtags=[*HASHTAGS, "zebra"])
    assert tag4pic("tags", "similar", "zebra", env={"MODEL_DIR": str(base)}).exit_code == 1
    Versions.of(base).promote(version)
    assert tag4pic("tags", "similar", "zebra", env={"MODEL_DIR": str(base)}).exit_code == 0


def test_a_bundle_without_that_knowledge_says_to_fit_it_again(tag4pic: Tag4pic) -> None:
    result = tag4pic("tags", "categories")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: Bundle tiny-1 knows nothing about similar hashtags")
