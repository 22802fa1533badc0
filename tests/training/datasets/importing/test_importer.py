"""An import as a whole: interruptions, reruns, what cannot be imported."""

import errno
import json
import os
import sys
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sources import Import, photo, table

from recommenders.photos import decode
from training.datasets.format import DatasetError, read_posts
from training.datasets.importing import import_posts


def test_a_dataset_is_written_that_training_reads(
    run_import: Import, source: Path, tmp_path: Path
) -> None:
    imported = run_import(source)
    posts = read_posts(tmp_path / "to")
    assert [post.hashtags for post in posts] == [("dog", "puppy", "pet"), ("cat", "pet"), ("bird",)]
    assert [post.image is not None for post in posts] == [True, True, False]
    assert decode(posts[0].image).size == (240, 160)  # type: ignore[arg-type]
    assert (imported.summary.posts, imported.summary.photos, imported.summary.hashtags) == (3, 2, 5)


def test_a_photo_that_cannot_be_read_leaves_its_hashtags(run_import: Import, source: Path) -> None:
    (source / "cat.jpg").write_bytes(b"no photo")
    imported = run_import(source)
    assert ["cat", "pet"] in imported.hashtags
    assert any(
        "photo: not an image" in line and "cat.jpg" in line for line in imported.summary.lines()
    )


def test_a_photo_that_vanishes_half_way_is_counted_as_missing(
    run_import: Import, source: Path
) -> None:
    def vanish(doing: str, done: int, total: int) -> None:
        if doing == "checking photos":
            (source / "cat.jpg").unlink(missing_ok=True)

    imported = run_import(source, progress=vanish)
    assert [row.get("image") is not None for row in imported.rows] == [True, False, False]
    assert imported.summary.photos_missing == 2


def test_one_post_is_a_dataset(run_import: Import, tmp_path: Path) -> None:
    source = table(tmp_path / "one.csv", "tags", "dog")
    assert run_import(source).summary.posts == 1


def test_all_spellings_of_a_hashtag_count_together(run_import: Import, tmp_path: Path) -> None:
    source = table(tmp_path / "spelt.csv", "tags", "straße", "straße", "strasse", "dog")
    imported = run_import(source, min_count=3)
    assert imported.hashtags == [["straße"]] * 3
    assert imported.summary.hashtags == 1


def test_impossibly_many_likes_are_left_out_and_said(run_import: Import, tmp_path: Path) -> None:
    source = table(tmp_path / "likes.csv", "tags,likes", "dog,99999999999999", "cat,7")
    imported = run_import(source)
    assert [row.get("likes") for row in imported.rows] == [None, 7]
    assert any("impossibly many likes" in line for line in imported.summary.lines())


def test_posts_without_hashtags_are_left_out_and_counted(
    run_import: Import, tmp_path: Path
) -> None:
    source = table(tmp_path / "few.csv", "tags,likes", "dog,1", ",2", ",3")
    imported = run_import(source)
    assert (imported.summary.posts, imported.summary.without_hashtags) == (1, 2)


def test_an_album_counts_as_one_post_wherever_posts_are_counted(
    run_import: Import, tmp_path: Path
) -> None:
    source = tmp_path / "downloads"
    # The last two have the same pictures.
    posts = [("no hashtags", 0), ("#rare", 10), ("#sun", 20), ("#sea #sun", 30), ("#sea", 30)]
    for day, (caption, seed) in enumerate(posts, 1):
        name = f"2024-01-0{day}_10-00-00_UTC"
        table(source / "me" / f"{name}.txt", caption)
        for number in (1, 2, 3):
            photo(source / "me" / f"{name}_{number}.jpg", seed + number)
    summary = run_import(source, min_count=2).summary
    assert (summary.without_hashtags, summary.emptied, summary.duplicates) == (1, 1, 1)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "has no column of hashtags"),
        (["tags"], "has no posts with hashtags"),
        (["tags,likes", ",1", ",2"], "has no posts with hashtags (2 without any)"),
        (["tags", "!!!"], "not a hashtag"),
    ],
)
def test_a_source_without_any_hashtag_is_one_clear_sentence(
    run_import: Import, tmp_path: Path, lines: list[str], sentence: str
) -> None:
    with pytest.raises(DatasetError) as error:
        run_import(table(tmp_path / "posts.csv", *lines))
    assert sentence in str(error.value)
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(("min_count", "cap"), [(0, None), (1, 0.0), (1, 1.5)])
def test_impossible_thresholds_are_refused(
    run_import: Import, source: Path, min_count: int, cap: float | None
) -> None:
    with pytest.raises(DatasetError):
        run_import(source, min_count=min_count, cap=cap)


# Ctrl-C inside a generator that is being put away is swallowed by Python; the import goes on then.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_import_leaves_no_half_dataset_and_a_rerun_completes_it(
    source: Path, tmp_path: Path
) -> None:
    import_posts(source, tmp_path / "whole")
    expected = (tmp_path / "whole" / "posts.jsonl").read_bytes()
    interrupted = 0
    for moment in range(1, 400, 5):
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
    run_import: Import, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_import(source)
    record = tmp_path / "to" / "photos.fingerprints"
    with record.open("ab") as file:
        file.write(b"cut short by an interruption")

    def refuse(_: bytes) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr("training.datasets.importing.fingerprints.decode", refuse)
    assert run_import(source).summary.photos == 2


def test_a_rerun_takes_what_is_new_in_the_source(run_import: Import, source: Path) -> None:
    imported = run_import(source)
    with (source / "posts.csv").open("a") as file:
        file.write("new.jpg,#fresh,1\n")
    photo(source / "new.jpg", 3)
    imported = run_import(source)
    assert (imported.summary.posts, imported.summary.photos) == (4, 3)


def test_a_dataset_of_another_source_is_not_overwritten_unless_told(
    run_import: Import, source: Path, tmp_path: Path
) -> None:
    imported = run_import(source)
    other = table(tmp_path / "other.csv", "tags", "sea")
    with pytest.raises(DatasetError, match="already holds a dataset made from"):
        imported = run_import(other)
    assert len(imported.hashtags) == 3
    imported = run_import(other, replace_other=True)
    assert imported.hashtags == [["sea"]]


def test_the_source_itself_is_no_place_for_the_dataset(source: Path, tmp_path: Path) -> None:
    for to in (source, source / "dataset"):
        with pytest.raises(DatasetError, match="choose a folder outside it"):
            import_posts(source, to)
    assert not (source / "dataset").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_copy_that_fails_names_both_files_as_either_may_be_why(
    run_import: Import, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(photo: object, target: object) -> None:
        raise OSError(code, os.strerror(code), photo, None, target)  # as shutil.copyfile does

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", fail)
        patch.setattr("shutil.copyfile", fail)
        names = rf"^{source}/\S+ → {tmp_path}/to/images/\S+: {os.strerror(code)}\."
        with pytest.raises(DatasetError, match=names):
            run_import(source)


def test_a_write_that_fails_without_a_name_names_the_dataset(
    run_import: Import, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("training.datasets.importing.importer.write_posts", full)
    with pytest.raises(DatasetError, match=rf"^{tmp_path}/to: No space left"):
        run_import(source)


def test_a_full_disk_is_a_sentence_and_keeps_what_was_done(
    run_import: Import, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", full)
        patch.setattr("shutil.copyfile", full)
        with pytest.raises(DatasetError, match=r"No space left .* run the same import again"):
            run_import(source)
    assert not (tmp_path / "to" / "posts.jsonl").exists()
    assert run_import(source).summary.photos == 2


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
