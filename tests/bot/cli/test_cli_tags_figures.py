"""``tag4pic tags ratings``, ``sizes`` and ``similar`` on a bundle fitted on hashtags alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from tests.bot.cli.fitted import refusal
from tests.bundles import tiny_bundle
from tests.recommenders.small_bundle import edit_manifest
from tests.shapes import write_posts

Tags = Callable[..., Any]

# The published table tells likes and scaled adj_likes of five of the seven uses of #35mm. With at
# most 30 hashtags a post only these numbers of hashtags, and a least use of 6 likes among 23, give
# its six decimals.
LIKES = {459: 27, 425: 29, 165: 29, 28: 29, 6: 23, 100: 20, 60: 25}
PUBLISHED = [1.945910, 1.673326, 0.631092, 0.081915, 0.0]

COUNTS = """tag,posts
#35MM,"45,000,000"
film,10000000
portra,99999
grain,-5
"""


class Photographers:
    """Posts of people who photograph on film, and a bundle fitted on their hashtags."""

    def __init__(self, folder: Path) -> None:
        rows = [
            {"likes": likes, "hashtags": ["35mm", *(f"with{likes}x{n}" for n in range(1, count))]}
            for likes, count in LIKES.items()
        ]
        rows += [{"likes": 10 * n, "hashtags": ["film", "portra"]} for n in range(3)]
        rows += [{"hashtags": ["film", "portra", "unliked"]}] * 2
        rows += [{"likes": likes, "hashtags": ["viral"]} for likes in (494_444_444, 494_444_445)]
        self.dataset = write_posts(folder / "posts", rows)
        self.plan = folder / "plan.json"
        epochs = {"fewest_epochs": 2, "most_epochs": 2, "dims": 8}
        self.plan.write_text(json.dumps({"vectors": epochs, "categories": 1}))
        counts = folder / "counts.csv"
        counts.write_text(COUNTS, encoding="utf-16")
        self.fits = {
            name: self.fit(folder / name, *arguments)
            for name, arguments in {"counted": ["--post-counts", str(counts)], "plain": []}.items()
        }

    def fit(self, out: Path, *arguments: str) -> Any:
        """What ``tag4pic train fit --backend tags`` says."""
        fit = ["train", "fit", "--backend", "tags", "--dataset", str(self.dataset)]
        fit += ["--plan", str(self.plan), "--out", str(out), *arguments]
        return CliRunner().invoke(app, fit, prog_name="tag4pic")


@pytest.fixture(scope="module")
def photographers(tmp_path_factory: pytest.TempPathFactory) -> Photographers:
    return Photographers(tmp_path_factory.mktemp("film"))


@pytest.fixture
def tags(tag4pic: Tags, photographers: Photographers) -> Tags:
    """Runs ``tag4pic tags …`` on the bundle that knows post counts, or on ``of`` another one."""
    folder = photographers.dataset.parent
    return lambda *arguments, of="counted": tag4pic(
        "tags", *arguments, env={"MODEL_DIR": str(folder / of)}
    )


def rows(result: Any) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_published_ratings_come_out_of_the_command(tags: Tags) -> None:
    (row,) = rows(tags("ratings", "#35mm", "--json"))
    assert (row["uses"], row["median_likes"]) == (7, 100)
    by_likes = {use["likes"]: use for use in row["posts"]}
    assert [by_likes[likes]["rating"] for likes in list(LIKES)[:5]] == PUBLISHED
    assert [use["rating"] for use in row["posts"]] == sorted(
        (use["rating"] for use in row["posts"]), reverse=True
    )
    (first,) = rows(tags("ratings", "#35mm", "--top", "3", "--json"))
    assert first == row | {"posts": row["posts"][:3]}
    output = tags("ratings", "35mm", "--top", "3").stdout
    assert "1.945910" in output and "0.631092" in output and "0.081915" not in output
    assert "7 uses, median likes 100" in output
    assert "the bot never sees the likes of photos" in output


def test_ratings_list_the_hashtags_with_likes_the_best_rated_first(tags: Tags) -> None:
    listed = rows(tags("ratings", "--json", "--top", "3"))
    assert [(row["tag"], row["uses"]) for row in listed] == [
        ("35mm", 7),
        ("film", 3),
        ("portra", 3),
    ]
    assert listed[1]["adj_likes"] == 5
    assert listed[1]["normalised"] == 0.5
    assert "no post with known likes uses it" in tags("ratings", "unliked").stdout


def test_many_likes_are_told_to_the_last_digit(tags: Tags) -> None:
    (row,) = rows(tags("ratings", "viral", "--json"))
    assert row["median_likes"] == 494_444_444.5
    assert "2 uses, median likes 494,444,444.5\n" in tags("ratings", "viral").stdout
    assert "494,444,444.5" in tags("ratings").stdout


def test_ratings_of_a_bundle_without_likes_say_what_to_do(tag4pic: Tags, tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "bundle", knowledge=True)
    result = tag4pic("tags", "ratings", env={"MODEL_DIR": str(bundle)})
    assert "earlier version, which kept only median likes. Fit it again" in refusal(result)
    result = tag4pic("tags", "ratings", env={"MODEL_DIR": ""})
    assert "knows no likes" in refusal(result) and "posts with likes" in refusal(result)


def test_with_a_platforms_counts_100_000_to_10_000_000_posts_are_the_middle(
    tags: Tags, photographers: Photographers
) -> None:
    fit = photographers.fits["counted"]
    assert "1 × a negative number of posts (such as line 5: -5)" in fit.stderr
    listed = rows(tags("sizes", "35mm", "film", "portra", "unliked", "--json"))
    assert [(row["size"], row["posts"], row["by"]) for row in listed[:3]] == [
        ("broad", 45_000_000, "post counts"),
        ("middle", 10_000_000, "post counts"),
        ("niche", 99_999, "post counts"),
    ]
    assert (listed[3]["posts"], listed[3]["by"]) == (None, "training posts")
    assert "100,000 to 10,000,000 is middle" in " ".join(tags("sizes").stdout.split())


def test_without_counts_sizes_are_said_to_be_of_the_training_posts(tags: Tags) -> None:
    first = rows(tags("sizes", "--json", "--top", "1", of="plain"))
    by_uses = {"by": "training posts", "posts": None, "uses": 7}
    assert first == [{"tag": "35mm", "size": "broad"} | by_uses]
    assert (
        "Sizes go by the training posts; to go by a platform's" in tags("sizes", of="plain").stdout
    )


def test_a_file_of_counts_that_cannot_be_used_is_refused_before_the_fit(
    photographers: Photographers, tmp_path: Path
) -> None:
    (tmp_path / "empty.csv").write_text("tag,posts\n")
    for name, reason in (("none.csv", "no such file"), ("empty.csv", "has no usable lines")):
        result = photographers.fit(tmp_path / "out", "--post-counts", str(tmp_path / name))
        assert reason in refusal(result)
    assert not (tmp_path / "out").exists()


def test_pairs_are_told_however_the_others_are_listed(tags: Tags) -> None:
    spellings = (
        ("35mm", "--with", "film", "portra"),
        ("35mm", "--with", "film", "--with", "portra"),
        ("--with", "film", "#Portra", "--model", "skipgram", "35mm"),
    )
    for spelling in spellings:
        pairs = rows(tags("similar", *spelling, "--json"))
        assert [(pair["tag"], pair["with"]) for pair in pairs] == [
            ("35mm", "film"),
            ("35mm", "portra"),
        ]
        assert all(-1 <= pair["cosine"] <= 1 for pair in pairs)
    assert "#35mm  #film" in tags("similar", *spellings[0]).stdout
    assert tags("similar", "35mm", "--with").exit_code == 2


def test_of_several_hashtags_none_is_among_those_near_them(tags: Tags) -> None:
    for model in ("skipgram", "cbow"):
        near = rows(tags("similar", "film", "portra", "--model", model, "--top", "200", "--json"))
        assert not {"film", "portra"} & {row["tag"] for row in near}
        scores = [row["score"] for row in near]
        assert scores == sorted(scores, reverse=True) and len(scores) > 50
    assert "does not know #fylm" in refusal(tags("similar", "portra", "fylm"))
    assert "does not know #fylm" in refusal(tags("similar", "portra", "--with", "fylm"))


def test_a_bundle_of_an_earlier_version_says_to_fit_it_again(tag4pic: Tags, tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "bundle", knowledge=True)
    for words in (("dog", "cat"), ("dog", "--with", "cat")):
        result = tag4pic("tags", "similar", *words, env={"MODEL_DIR": str(bundle)})
        assert "has no vectors to compare several. Fit it again" in refusal(result)


def test_knowledge_with_settings_that_cannot_be_is_refused(tag4pic: Tags, tmp_path: Path) -> None:
    bundle = tiny_bundle(tmp_path / "bundle", knowledge=True)
    settings = json.loads((bundle / "manifest.json").read_text())["settings"]
    edit_manifest(bundle, settings=settings | {"knowledge": settings["knowledge"] | {"models": 7}})
    assert "do not fit this tag4pic" in refusal(
        tag4pic("tags", "sizes", env={"MODEL_DIR": str(bundle)})
    )
