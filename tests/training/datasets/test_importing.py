"""Importing as a whole: duplicates, frequencies, interruptions, sources that cannot be used."""

import errno
import json
import os
import sys
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from importing_sources import hashtags, photo, picture, rows, table

from recommenders.photos import decode
from training.datasets.format import DatasetError, read_posts
from training.datasets.importing import import_posts


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four posts, of which the third has the first one's photo and the fourth has none."""
    folder = tmp_path / "source"
    photo(folder / "dog.jpg", 1)
    photo(folder / "cat.jpg", 2)
    (folder / "again.jpg").write_bytes((folder / "dog.jpg").read_bytes())
    table(
        folder / "posts.csv",
        "image,hashtags,likes",
        "dog.jpg,#dog #puppy,10",
        "cat.jpg,#cat #pet,5",
        "again.jpg,#dog #pet,20",
        "gone.jpg,#bird,1",
    )
    return folder


def test_a_dataset_is_written_that_training_reads(source: Path, tmp_path: Path) -> None:
    summary = import_posts(source, tmp_path / "to")
    posts = read_posts(tmp_path / "to")
    assert [post.hashtags for post in posts] == [("dog", "puppy", "pet"), ("cat", "pet"), ("bird",)]
    assert [post.image is not None for post in posts] == [True, True, False]
    assert decode(posts[0].image).size == (240, 160)  # type: ignore[arg-type]
    assert (summary.posts, summary.photos, summary.hashtags) == (3, 2, 5)


def test_photos_of_the_same_bytes_become_one_post_with_all_hashtags_and_the_larger_likes(
    source: Path, tmp_path: Path
) -> None:
    summary = import_posts(source, tmp_path / "to")
    first = rows(tmp_path / "to")[0]
    assert first["hashtags"] == ["dog", "puppy", "pet"]
    assert first["likes"] == 20
    assert summary.duplicates == 1
    assert "1 post joined with another of the same photo." in summary.lines()


def test_a_smaller_copy_of_low_quality_is_the_same_photo(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    for seed in range(12):
        photo(folder / f"{seed}.png", seed)
        copy = picture(seed).resize((160, 107))
        copy.save(folder / f"{seed}-copy.jpg", quality=50)
    names = [name for seed in range(12) for name in (f"{seed}.png,a{seed}", f"{seed}-copy.jpg,b")]
    table(folder / "posts.csv", "image,tags", *names)
    import_posts(folder, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [[f"a{seed}", "b"] for seed in range(12)]


def test_pictures_of_one_flat_colour_are_not_taken_for_one_photo(tmp_path: Path) -> None:
    folder = tmp_path / "source"
    folder.mkdir()
    for name, shade in (("a", 40), ("b", 44)):
        picture(0).point(lambda _, shade=shade: shade).save(folder / f"{name}.png")
    table(folder / "posts.csv", "image,tags", "a.png,night", "b.png,dark")
    assert import_posts(folder, tmp_path / "to").posts == 2


def test_photos_are_linked_not_copied_where_the_disk_allows(source: Path, tmp_path: Path) -> None:
    import_posts(source, tmp_path / "to")
    image = read_posts(tmp_path / "to")[1].image
    assert image is not None and image.samefile(source / "cat.jpg")


def test_photos_are_copied_where_links_cannot_be_made(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    import_posts(source, tmp_path / "to")
    image = read_posts(tmp_path / "to")[1].image
    assert image is not None and image.read_bytes() == (source / "cat.jpg").read_bytes()
    assert not image.samefile(source / "cat.jpg")


def test_rare_hashtags_are_dropped_and_posts_left_without_are_counted(
    source: Path, tmp_path: Path
) -> None:
    summary = import_posts(source, tmp_path / "to", min_count=2)
    assert hashtags(tmp_path / "to") == [["pet"], ["pet"]]
    assert set(summary.rare) == {"dog", "puppy", "cat", "bird"}
    assert summary.emptied == 1


def test_the_most_popular_hashtags_are_capped(source: Path, tmp_path: Path) -> None:
    summary = import_posts(source, tmp_path / "to", cap=0.5)
    assert summary.common == {"pet": 2}
    assert hashtags(tmp_path / "to") == [["dog", "puppy"], ["cat"], ["bird"]]


def test_missing_photos_are_counted_and_told_once(source: Path, tmp_path: Path) -> None:
    summary = import_posts(source, tmp_path / "to")
    assert (summary.photos_found, summary.photos_missing) == (3, 1)
    told = [line for line in summary.lines() if "gone.jpg" in line]
    assert told == ["1 photo of 4 not there (such as gone.jpg); their hashtags still serve."]


def test_a_photo_that_cannot_be_read_leaves_its_hashtags(source: Path, tmp_path: Path) -> None:
    (source / "cat.jpg").write_bytes(b"no photo")
    summary = import_posts(source, tmp_path / "to")
    assert ["cat", "pet"] in hashtags(tmp_path / "to")
    assert any("photo: not an image" in line and "cat.jpg" in line for line in summary.lines())


def test_a_photo_that_vanishes_half_way_is_counted_as_missing(source: Path, tmp_path: Path) -> None:
    def vanish(doing: str, done: int, total: int) -> None:
        if doing == "looking at photos":
            (source / "cat.jpg").unlink(missing_ok=True)

    summary = import_posts(source, tmp_path / "to", progress=vanish)
    assert [row.get("image") is not None for row in rows(tmp_path / "to")] == [True, False, False]
    assert summary.photos_missing == 2


def test_photos_and_links_that_leave_the_folder_are_refused(source: Path, tmp_path: Path) -> None:
    outside = photo(tmp_path / "outside.jpg", 9)
    (source / "link.jpg").symlink_to(outside)
    table(
        source / "posts.csv",
        "image,tags",
        "../outside.jpg,a",
        f"{outside},b",
        "link.jpg,c",
        "../nothing.jpg,d",
        "https://example.org/a.jpg,e",
    )
    summary = import_posts(source, tmp_path / "to")
    assert hashtags(tmp_path / "to") == [["a"], ["b"], ["c"], ["d"], ["e"]]
    assert summary.photos == 0
    assert summary.problems.counts == {
        "photo is not in the source's folder": 4,
        "photo is an address, not a file": 1,
    }


def test_a_link_inside_the_folder_is_followed(source: Path, tmp_path: Path) -> None:
    (source / "link.jpg").symlink_to(source / "cat.jpg")
    table(source / "posts.csv", "image,tags", "link.jpg,cat")
    assert import_posts(source, tmp_path / "to").photos == 1


def test_one_post_is_a_dataset(tmp_path: Path) -> None:
    source = table(tmp_path / "one.csv", "tags", "dog")
    assert import_posts(source, tmp_path / "to").posts == 1


def test_posts_without_hashtags_are_left_out_and_counted(tmp_path: Path) -> None:
    source = table(tmp_path / "few.csv", "tags,likes", "dog,1", ",2", ",3")
    summary = import_posts(source, tmp_path / "to")
    assert (summary.posts, summary.without_hashtags) == (1, 2)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "has no column of hashtags"),
        (["tags"], "holds no post with a hashtag"),
        (["tags,likes", ",1", ",2"], "holds no post with a hashtag (2 without)"),
        (["tags", "!!!"], "not a hashtag"),
    ],
)
def test_a_source_without_any_hashtag_is_one_clear_sentence(
    tmp_path: Path, lines: list[str], said: str
) -> None:
    with pytest.raises(DatasetError) as error:
        import_posts(table(tmp_path / "posts.csv", *lines), tmp_path / "to")
    assert said in str(error.value)
    assert not (tmp_path / "to").exists()


def test_thresholds_that_leave_nothing_say_which_to_change(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Lower min-count or raise the cap"):
        import_posts(source, tmp_path / "to", min_count=50)


@pytest.mark.parametrize(("min_count", "cap"), [(0, None), (1, 0.0), (1, 1.5)])
def test_impossible_thresholds_are_refused(
    source: Path, tmp_path: Path, min_count: int, cap: float | None
) -> None:
    with pytest.raises(DatasetError):
        import_posts(source, tmp_path / "to", min_count=min_count, cap=cap)


# Ctrl-C inside a generator that is being put away is swallowed by Python; the import goes on then.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_import_leaves_no_half_dataset_and_a_rerun_completes_it(
    source: Path, tmp_path: Path
) -> None:
    import_posts(source, tmp_path / "whole")
    expected = (tmp_path / "whole" / "posts.jsonl").read_bytes()
    interrupted = 0
    for moment in range(1, 400, 7):
        to = tmp_path / f"to-{moment}"
        if _interrupted_at_call(moment, source, to):
            interrupted += 1
            assert not (to / "posts.jsonl").exists() or (
                (to / "posts.jsonl").read_bytes() == expected
            )
            import_posts(source, to)
        assert (to / "posts.jsonl").read_bytes() == expected
        assert len(list((to / "images").iterdir())) == 2
    assert interrupted > 20


def _interrupted_at_call(number: int, source: Path, to: Path) -> bool:
    """Imports, with Ctrl-C at the nth function of ours that is entered; False: it came through."""
    calls = 0

    def count(frame: FrameType, event: str, _: object) -> None:
        nonlocal calls
        if event == "call" and f"{os.sep}training{os.sep}" in frame.f_code.co_filename:
            calls += 1
            if calls == number:
                raise KeyboardInterrupt

    sys.setprofile(count)
    try:
        import_posts(source, to)
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def test_a_rerun_decodes_no_photo_again(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_posts(source, tmp_path / "to")
    record = tmp_path / "to" / "photos.hashes"
    with record.open("ab") as file:
        file.write(b"cut short by an interruption")

    def refuse(_: bytes) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("training.datasets.importing.fingerprints.decode", refuse)
    assert import_posts(source, tmp_path / "to").photos == 2


def test_a_rerun_takes_what_is_new_in_the_source(source: Path, tmp_path: Path) -> None:
    import_posts(source, tmp_path / "to")
    with (source / "posts.csv").open("a") as file:
        file.write("new.jpg,#fresh,1\n")
    photo(source / "new.jpg", 3)
    summary = import_posts(source, tmp_path / "to")
    assert (summary.posts, summary.photos) == (4, 3)


def test_a_dataset_of_another_source_is_not_overwritten_unless_told(
    source: Path, tmp_path: Path
) -> None:
    import_posts(source, tmp_path / "to")
    other = table(tmp_path / "other.csv", "tags", "sea")
    with pytest.raises(DatasetError, match="already holds a dataset made from"):
        import_posts(other, tmp_path / "to")
    assert len(hashtags(tmp_path / "to")) == 3
    import_posts(other, tmp_path / "to", replace_other=True)
    assert hashtags(tmp_path / "to") == [["sea"]]


def test_the_source_itself_is_no_place_for_the_dataset(source: Path, tmp_path: Path) -> None:
    for to in (source, source / "dataset"):
        with pytest.raises(DatasetError, match="choose a folder beside it"):
            import_posts(source, to)
    assert not (source / "dataset").exists()


def test_a_full_disk_is_a_sentence_and_keeps_what_was_done(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", full)
        patch.setattr("shutil.copyfile", full)
        with pytest.raises(DatasetError, match=r"No space left .* run the same import again"):
            import_posts(source, tmp_path / "to")
    assert not (tmp_path / "to" / "posts.jsonl").exists()
    assert import_posts(source, tmp_path / "to").photos == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "is not there"),
        ("archive.zip", "Unpack it"),
        ("notes.docx", "nothing that can be imported"),
        ("empty/", "is empty"),
        ("strange/file.bin", "is not understood"),
    ],
)
def test_a_source_that_is_not_understood_says_what_can_be_imported(
    tmp_path: Path, name: str, said: str
) -> None:
    path = tmp_path / name
    if name.endswith("/"):
        path.mkdir()
    elif name != "nothing":
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x00\x01")
    source = path.parent if name.startswith("strange") else path
    with pytest.raises(DatasetError) as error:
        import_posts(source, tmp_path / "to")
    assert said in str(error.value)


def test_a_kind_that_does_not_exist_names_those_that_do(source: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="dataset, harrison, instaloader, csv, keywords"):
        import_posts(source, tmp_path / "to", kind="flickr")


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("csv", "holds no CSV file"),
        ("harrison", "has no data_list.txt"),
        ("dataset", "has no posts.jsonl"),
    ],
)
def test_a_source_that_is_not_of_the_kind_it_is_said_to_be_is_one_sentence(
    tmp_path: Path, kind: str, told: str
) -> None:
    photo(tmp_path / "s" / "a.jpg", 1)
    with pytest.raises(DatasetError, match=told):
        import_posts(tmp_path / "s", tmp_path / "to", kind=kind)
    with pytest.raises(DatasetError, match="is not there"):
        import_posts(tmp_path / "nowhere", tmp_path / "to", kind=kind)


def test_several_tables_in_a_folder_ask_for_one(source: Path, tmp_path: Path) -> None:
    table(source / "more.csv", "tags", "dog")
    with pytest.raises(DatasetError, match=r"several tables \(more.csv, posts.csv\)"):
        import_posts(source, tmp_path / "to")
    assert import_posts(source / "posts.csv", tmp_path / "to").posts == 3


@settings(deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["hashtags", "image", "likes", "split", "posted_at", "album"]),
            st.none() | st.integers() | st.text() | st.lists(st.text() | st.integers(), max_size=3),
        ),
        max_size=8,
    )
)
def test_rows_of_any_content_never_stop_an_import(
    tmp_path_factory: pytest.TempPathFactory, content: list[object]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    lines = [json.dumps({"hashtags": ["dog"]}), *map(json.dumps, content), "{broken"]
    table(folder / "source" / "posts.jsonl", *lines)
    summary = import_posts(folder / "source", folder / "to")
    assert summary.posts >= 1
    assert summary.problems.counts["not JSON"] == 1
