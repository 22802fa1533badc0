"""Bundles come back as they were saved, and a save that fails leaves what was there."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from recommenders import bundle as bundles
from recommenders.bundle import BundleError, Part
from tests.recommenders.small_bundle import edit_manifest, refusal, small
from tests.rights import as_nobody, without_privileges


def save_another(folder: Path) -> None:
    bundles.save(small("small-2"), folder)


def folder_contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_bundle_comes_back_as_it_was_saved(saved: Path) -> None:
    before, after = small(), bundles.load(saved)
    for name in ("model", "hashtags", "backbones", "settings", "metrics", "provenance"):
        assert getattr(after, name) == getattr(before, name)


def test_its_arrays_come_back_as_they_were_saved(saved: Path) -> None:
    before, after = small().arrays, bundles.load(saved).arrays
    assert {part: set(arrays) for part, arrays in after.items()} == {
        part: set(arrays) for part, arrays in before.items()
    }
    for part, arrays in before.items():
        for name, array in arrays.items():
            assert after[part][name].dtype == array.dtype
            np.testing.assert_array_equal(after[part][name], array)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(categories=["L"]), min_size=1, max_size=9),
        st.sampled_from(["?", "i1", "i4", "i8", "f2", "f4", "<f8", ">f4", ">i2"]).flatmap(
            lambda kind: npst.arrays(kind, npst.array_shapes(min_dims=0, min_side=0, max_side=4))
        ),
        max_size=3,
    )
)
def test_arrays_of_any_kind_and_shape_come_back(arrays: dict[str, NDArray[Any]]) -> None:
    with TemporaryDirectory() as folder:
        bundle = small()
        bundle.arrays["als"] = {name: array.T for name, array in arrays.items()}
        bundles.save(bundle, Path(folder) / "bundle")
        loaded = bundles.load(Path(folder) / "bundle").arrays["als"]
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        assert loaded[name].shape == array.T.shape
        np.testing.assert_array_equal(loaded[name], array.T)


def test_a_bundle_is_plain_files_and_none_of_them_a_pickle(saved: Path) -> None:
    assert sorted(path.name for path in saved.iterdir()) == [
        *("als.safetensors", "hashtags.txt", "manifest.json", "ranking.safetensors")
    ]
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_who_may_read_a_bundle_goes_by_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        bundles.save(small(), tmp_path / "bundle")
    finally:
        os.umask(before)
    rights = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "bundle").iterdir()}
    assert set(rights.values()) == {0o666 & ~umask}, rights


def test_the_vocabulary_is_a_hashtag_a_line(saved: Path) -> None:
    assert (saved / "hashtags.txt").read_text(encoding="utf-8") == "море\n日本\ncafé\ndog\n"


def test_a_new_part_is_added_and_one_that_is_there_keeps_settings_it_does_not_name() -> None:
    ranking = Part({"default_backend": "als"}, {"popularity": np.zeros(4)})
    new = small().with_parts({"als": Part({"neighbours": 9}), "ranking": ranking})
    assert new.settings["als"] == small().settings["als"] | {"neighbours": 9}
    assert new.settings["ranking"] == {"default_backend": "als"}
    assert (new.arrays["als"].keys(), new.arrays["ranking"].keys()) == ({"factors"}, {"popularity"})


def test_a_bundle_that_gets_new_parts_stays_as_it_was() -> None:
    old = small()
    old.with_parts({"als": Part({"neighbours": 9}, {"factors": np.zeros(1)})})
    assert old.settings == small().settings
    np.testing.assert_array_equal(old.arrays["als"]["factors"], small().arrays["als"]["factors"])


def test_saving_again_replaces_the_whole_bundle(saved: Path) -> None:
    bundles.save(small().with_parts({"w2v": Part({}, {"head": np.ones(2)})}), saved)
    assert (saved / "w2v.safetensors").exists()
    bundles.save(small("small-2"), saved)
    assert bundles.load(saved).model == "small-2"
    assert not (saved / "w2v.safetensors").exists()
    assert list(saved.parent.iterdir()) == [saved]


def test_a_bundle_may_be_saved_into_an_empty_folder_or_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for model in ("small-1", "small-2"):
        bundles.save(small(model), tmp_path / "link")
        assert bundles.load(tmp_path / "real").model == model
    assert (tmp_path / "link").is_symlink()


def test_the_current_folder_is_refused_as_it_would_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for write in (save_another, bundles.check_replaceable):
        assert "is the current folder" in refusal(Path(), write)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/", "loop", "loop/bundle"])
def test_where_no_bundle_can_be_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    for write in (save_another, bundles.check_replaceable):
        refusal(Path(place), write)
    assert list(Path().iterdir()) == [Path("loop")]


@pytest.mark.skipif(os.name != "posix", reason="a folder that is used cannot be deleted")
def test_a_current_folder_that_was_deleted_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for write in (save_another, bundles.check_replaceable):
        assert "(No such file or directory)" in refusal(Path("bundle"), write)


@pytest.mark.skipif(sys.platform != "linux", reason="rights as Linux has them")
def test_what_an_earlier_save_left_is_deleted_or_told_before_a_fit(saved: Path) -> None:
    left = saved.with_name(".bundle.old")
    (left / "kept").mkdir(parents=True)
    (left / "kept" / "als.safetensors").touch()
    (left / "kept").chmod(0o500)
    with without_privileges():
        assert str(left) in refusal(saved, bundles.check_replaceable)
    (left / "kept").chmod(0o700)
    bundles.check_replaceable(saved)
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="root can be another user")
def test_a_bundle_that_only_its_owner_may_move_is_told_before_a_fit() -> None:
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o1777)
        bundles.save(small(), Path(folder) / "bundle")
        with as_nobody():
            assert "another user's" in refusal(Path(folder) / "bundle", bundles.check_replaceable)
            bundles.save(small(), Path(folder) / "own")
            bundles.check_replaceable(Path(folder) / "own")
        bundles.check_replaceable(Path(folder) / "own")
        assert bundles.load(Path(folder) / "bundle").model == "small-1"


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("album/holiday.jpg", b"precious", "holiday.jpg"),
        ("album/trip.safetensors/holiday.jpg", b"precious", "trip.safetensors"),
        ("album/manifest.json", b'{"name": "My web page", "icons": []}', "manifest.json"),
        ("note", b"precious", "a file"),
    ],
)
def test_what_is_no_bundle_is_not_overwritten(
    tmp_path: Path, file: str, content: bytes, told: str
) -> None:
    place = tmp_path / file.split("/")[0]
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(content)
    for write in (save_another, bundles.check_replaceable):
        assert f"something other than a bundle ({told})" in refusal(place, write)
    assert (tmp_path / file).read_bytes() == content
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    "name",
    ["holiday.jpg", "photos/holiday.jpg", "notes.txt", "lora.safetensors", "._photos/holiday.jpg"],
)
def test_what_somebody_put_beside_a_bundles_files_is_not_lost(saved: Path, name: str) -> None:
    (saved / name).parent.mkdir(exist_ok=True)
    (saved / name).write_bytes(b"precious")
    (saved / ".DS_Store").touch()
    for write in (save_another, bundles.check_replaceable):
        assert f"({name.split('/')[0]})" in refusal(saved, write)
    assert (saved / name).read_bytes() == b"precious"
    assert bundles.load(saved).model == "small-1"


def test_a_folder_that_was_only_looked_at_is_replaced(saved: Path) -> None:
    (saved / ".DS_Store").touch()
    (saved / "._als.safetensors").touch()
    (saved.parent / "empty").mkdir()
    (saved.parent / "empty" / ".DS_Store").touch()
    for folder in (saved, saved.parent / "empty"):
        bundles.save(small("small-2"), folder)
        assert bundles.load(folder).model == "small-2"


def test_a_bundle_of_another_format_can_be_fitted_again_in_its_place(saved: Path) -> None:
    edit_manifest(saved, format=2)
    bundles.check_replaceable(saved)
    bundles.save(small("small-2"), saved)
    assert bundles.load(saved).model == "small-2"


def test_a_version_of_another_format_is_not_fitted_over(saved: Path) -> None:
    edit_manifest(saved, format=2, provenance={"fine_tuned_from": "small-0"})
    assert "is a version" in refusal(saved, bundles.check_replaceable)


@pytest.mark.parametrize("renames", [0, 1])
def test_a_save_that_fails_leaves_the_old_bundle(
    saved: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    before, rename, done = folder_contents(saved), Path.rename, 0

    def rename_until_full(self: Path, target: Path) -> Path:
        nonlocal done
        if self.name.endswith((".partial", "bundle")):
            done += 1
            if done == renames + 1:
                raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", rename_until_full)
    with pytest.raises(BundleError, match=r"could not be written.*No space left"):
        bundles.save(small("small-2"), saved)
    assert folder_contents(saved) == before
    assert list(saved.parent.iterdir()) == [saved]


def test_an_array_that_cannot_be_written_leaves_the_old_bundle(saved: Path) -> None:
    before, broken = folder_contents(saved), small("small-2")
    broken.arrays["als"]["names"] = np.array(["text", "is no number"])
    with pytest.raises(Exception, match=r"dtype|could not be written"):
        bundles.save(broken, saved)
    assert folder_contents(saved) == before
    assert list(saved.parent.iterdir()) == [saved]


@pytest.mark.parametrize("there", [True, False])
def test_two_saves_into_one_folder_at_a_time_leave_a_whole_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    folder, save_file = tmp_path / "bundle", bundles.save_file
    other = small("other-1")
    other.arrays["other"] = other.arrays.pop("als")
    if there:
        bundles.save(small(), folder)

    def save_while_another_does(arrays: Any, file: Path) -> None:
        monkeypatch.setattr(bundles, "save_file", save_file)
        save_file(arrays, file)
        bundles.save(other, folder)

    monkeypatch.setattr(bundles, "save_file", save_while_another_does)
    bundles.save(small("small-2"), folder)
    assert bundles.load(folder).model == "small-2"
    assert not (folder / "other.safetensors").exists()
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX")
@pytest.mark.parametrize("at", ["write_text", "rename", "second rename"])
def test_a_save_that_is_killed_leaves_the_old_bundle(saved: Path, at: str) -> None:
    child = subprocess.run([sys.executable, "-c", _KILLED, str(saved), at], timeout=120)
    assert child.returncode == -signal.SIGKILL
    assert bundles.load(saved).model == "small-1"
    # A save of the next day clears up.
    for left in saved.parent.glob(".*.partial"):
        os.utime(left, (0, 0))
    bundles.save(small("small-3"), saved)
    assert bundles.load(saved).model == "small-3"
    assert list(saved.parent.iterdir()) == [saved]


def test_what_another_save_may_have_left_stays(tmp_path: Path) -> None:
    for name in (".music.partial", ".music-2.x1.partial", ".m.x1.partial", ".m.partial"):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (0, 0))
    bundles.save(small(), tmp_path / "m")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("m", ".music.partial", ".music-2.x1.partial")
    }


_KILLED = """
import os, signal, sys
from pathlib import Path
from recommenders import bundle as bundles

folder, at = Path(sys.argv[1]), sys.argv[2]
new = bundles.load(folder)
new.model = "small-2"
calls = 0

def dying(name, survive):
    was = getattr(Path, name)
    def die(*args, **kwargs):
        global calls
        calls += 1
        if calls > survive:
            os.kill(os.getpid(), signal.SIGKILL)
        return was(*args, **kwargs)
    setattr(Path, name, die)

dying(at.split()[-1], 1 if at.startswith("second") else 0)
bundles.save(new, folder)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BundleError, match="could not be written"):
        bundles.save(small(), tmp_path / "bundle")
