"""``tag4pic train import`` and ``collect``."""

import sys
from pathlib import Path

import pytest

from tests.bot.cli.fitted import Tag4pic, refusal
from tests.shapes import COLOURS, draw, posts_of


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
    for text in ("4 posts", "hashtags and 3 photos", "gone.jpg", "hidden likes", "cp1251"):
        assert text in result.stdout
    assert "tag4pic train fit --dataset posts" in result.stdout
    rows = posts_of(folder / "posts")
    assert rows[0]["hashtags"] == ["red", "закат", "sunset"] and rows[0]["likes"] == 10
    assert "likes" not in rows[1]


@pytest.mark.parametrize("name", ["posts[old]", "a[/b]"])
def test_a_folder_with_brackets_in_its_name_is_printed_as_it_is(
    tag4pic: Tag4pic, folder: Path, name: str
) -> None:
    (folder / "posts.csv").write_text("tags\n" + "#red #warm\n#blue #cold\n" * 9)
    imported = tag4pic("train", "import", "posts.csv", "--to", name)
    assert imported.exit_code == 0, imported.output
    assert imported.stdout.startswith(f"{name}: ")
    assert f"--dataset {name} --out" in imported.stdout
    fit = tag4pic(
        *("train", "fit", "--backend", "tags", "--set", "min_count=2"),
        *("--dataset", name, "--out", f"mine/{name}"),
    )
    assert fit.exit_code == 0, fit.output
    assert f" in mine/{name}: " in fit.stdout and f"MODEL_DIR=mine/{name} tag4pic" in fit.stdout
    (folder / name / "shelf").mkdir()
    published = tag4pic("train", "publish", f"{name}/shelf", env={"MODEL_DIR": f"mine/{name}"})
    assert published.exit_code == 0, published.output
    assert f"is published at {name}/shelf.\n" in published.stdout


def test_import_refuses_with_a_sentence(tag4pic: Tag4pic, folder: Path) -> None:
    assert "does not exist" in refusal(tag4pic("train", "import", "nowhere", "--to", "posts"))
    (folder / "empty").mkdir()
    assert "is empty" in refusal(tag4pic("train", "import", "empty", "--to", "posts"))
    line = refusal(tag4pic("train", "import", "empty", "--to", "posts", "--kind", "zip"))
    assert "harrison" in line


def test_import_reads_what_instagram_exports(tag4pic: Tag4pic, folder: Path) -> None:
    place = folder / "export" / "your_instagram_activity" / "media"
    place.mkdir(parents=True)
    draw("red", "square", 0).save(folder / "export" / "red.jpg")
    # м and о as Instagram writes them: the bytes of their UTF-8.
    posts = r'[{"media": [{"uri": "red.jpg", "title": "#\u00d0\u00bc\u00d0\u00be"}]}]'
    (place / "posts_1.json").write_text(posts)
    result = tag4pic("train", "import", "export", "--to", "posts")
    assert result.exit_code == 0, result.output
    assert "read as instagram" in result.stdout
    assert posts_of(folder / "posts")[0]["hashtags"] == ["мо"]


def test_import_refuses_an_export_as_web_pages(tag4pic: Tag4pic, folder: Path) -> None:
    place = folder / "export" / "your_instagram_activity" / "media"
    place.mkdir(parents=True)
    draw("red", "square", 0).save(folder / "export" / "red.jpg")
    (place / "posts_1.html").write_text("<html>#sea</html>")
    assert "format JSON" in refusal(tag4pic("train", "import", "export", "--to", "posts"))


def test_import_reads_an_authors_first_comment(tag4pic: Tag4pic, folder: Path) -> None:
    (folder / "ann").mkdir()
    name = "2023-01-05_12-33-44_UTC"
    draw("red", "square", 0).save(folder / "ann" / f"{name}.jpg")
    (folder / "ann" / f"{name}.txt").write_text("Morning swim")
    comments = (
        '[{"created_at": 1672922050, "text": "#nice", "owner": {"username": "bob"}},'
        ' {"created_at": 1672922040, "text": "#sea #sun", "owner": {"username": "ann"}}]'
    )
    (folder / "ann" / f"{name}_comments.json").write_text(comments)
    result = tag4pic("train", "import", "ann", "--to", "posts")
    assert result.exit_code == 0, result.output
    assert posts_of(folder / "posts")[0]["hashtags"] == ["sea", "sun"]


def test_collect_says_what_to_name(tag4pic: Tag4pic, folder: Path) -> None:
    pytest.importorskip("instaloader")
    assert "Name a hashtag or a profile" in refusal(tag4pic("train", "collect", "--to", "posts"))
    line = refusal(tag4pic("train", "collect", "--hashtag", "no way", "--to", "posts"))
    assert "no way" in line or "hashtag" in line


def test_collect_needs_its_extra(
    tag4pic: Tag4pic, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "instaloader", None)
    line = refusal(tag4pic("train", "collect", "--hashtag", "sea", "--to", "posts"))
    assert "pip install 'tag4pic[collect]'" in line
