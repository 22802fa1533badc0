"""Bundles come back as they were saved; what is not a whole bundle is refused with a sentence."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
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
from recommenders.backbones.backbone import Backbone, load_backbone
from recommenders.bundle import Bundle, BundleError
from recommenders.engine import Engine
from recommenders.photos import decode
from tests.bundles import tiny_bundle
from tests.recommenders.pictures import corners, encoded


def small(model: str = "small-1") -> Bundle:
    counts = np.arange(6, dtype=np.int32).reshape(2, 3)
    return Bundle(
        model=model,
        hashtags=["море", "日本", "café", "dog"],
        backbones={"efficientnet_lite0": "ab" * 32},
        settings={"als": {"backbone": "efficientnet_lite0", "neighbours": 7, "sharpness": 0.1}},
        arrays={
            "als": {"factors": np.linspace(0, 1, 8, dtype=np.float16).reshape(4, 2)},
            "ranking": {"popularity": np.ones(4, np.float32), "counts": counts.T},
        },
        metrics={"recall@5": 0.65},
        provenance={"dataset": "«photos»", "posts": 3},
    )


def folder_contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refusal(folder: Path, load: Callable[[Path], object] = bundles.load) -> str:
    """The sentence with which a bundle is refused; it names the bundle and what to do."""
    with pytest.raises(BundleError) as caught:
        load(folder)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    told = ("fit", "Fit", "backup", "Update", "Put back", "Choose")
    assert any(word in sentence for word in told), sentence
    return sentence


def edit(folder: Path, **changes: Any) -> None:
    """Changes the manifest; None takes a name out."""
    path = folder / bundles.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8")) | changes
    kept = {name: value for name, value in manifest.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    bundles.save(small(), tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_bundle_comes_back_as_it_was_saved(saved: Path) -> None:
    before, after = small(), bundles.load(saved)
    for name in ("model", "hashtags", "backbones", "settings", "metrics", "provenance"):
        assert getattr(after, name) == getattr(before, name)
    for part, arrays in before.arrays.items():
        assert set(after.arrays[part]) == set(arrays)
        for name, array in arrays.items():
            assert after.arrays[part][name].dtype == array.dtype
            np.testing.assert_array_equal(after.arrays[part][name], array)


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
    assert (saved / "hashtags.txt").read_text(encoding="utf-8") == "море\n日本\ncafé\ndog\n"
    assert list(saved.parent.iterdir()) == [saved]


def test_saving_again_replaces_the_whole_bundle(saved: Path) -> None:
    (saved / "w2v.safetensors").write_bytes(b"of an older fit")
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


def test_the_current_folder_may_become_a_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    bundles.save(small(), Path())
    assert bundles.load(tmp_path / "here").model == "small-1"


def test_what_is_no_bundle_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "holiday.jpg").write_bytes(b"precious")
    (tmp_path / "note").write_bytes(b"precious")
    for place in ("album", "note"):
        sentence = refusal(tmp_path / place, lambda folder: bundles.save(small(), folder))
        assert "something other than a bundle" in sentence
    assert (tmp_path / "album" / "holiday.jpg").read_bytes() == b"precious"
    assert (tmp_path / "note").read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["album", "note"]


@pytest.mark.parametrize("renames", [0, 1])
def test_a_save_that_fails_leaves_the_old_bundle(
    saved: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    before, rename, done = folder_contents(saved), Path.rename, 0

    def failing(self: Path, target: Path) -> Path:
        nonlocal done
        if self.name.endswith((".partial", "bundle")):
            done += 1
            if done == renames + 1:
                raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
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


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX")
@pytest.mark.parametrize("at", ["write_text", "rename", "second rename"])
def test_a_save_that_is_killed_leaves_the_old_bundle(saved: Path, at: str) -> None:
    child = subprocess.run([sys.executable, "-c", _KILLED, str(saved), at], timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert bundles.load(saved).model == "small-1"
    # The next save clears up.
    bundles.save(small("small-3"), saved)
    assert bundles.load(saved).model == "small-3"
    assert list(saved.parent.iterdir()) == [saved]


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


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    sentence = refusal(tmp_path / "nothing")
    assert "is no bundle" in sentence
    assert "without MODEL_DIR the starter is used" in sentence
    assert "is no bundle" in refusal(tmp_path)


def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("{}")
    refusal(tmp_path / "bundle")


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, [1]])
def test_another_format_version_is_told(saved: Path, version: object) -> None:
    edit(saved, format=version)
    sentence = refusal(saved)
    assert f"bundle format {version!r}, this tag4pic reads 1" in sentence
    assert "update tag4pic" in sentence


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\0", "[" * 100_000, '{"format": 1', "\ufeff{}", '"format"']
)
def test_a_manifest_that_is_none_is_told(saved: Path, text: str) -> None:
    (saved / bundles.MANIFEST).write_text(text, encoding="utf-8")
    refusal(saved)
    (saved / bundles.MANIFEST).write_bytes(b"\xff\xfe\x00")
    refusal(saved)


@pytest.mark.parametrize("name", ["model", "parts", "backbones", "settings"])
def test_a_manifest_that_lacks_something_is_told(saved: Path, name: str) -> None:
    edit(saved, **{name: None})
    assert f"lacks '{name}'" in refusal(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"parts": "als"},
        {"parts": {"als": 1}},
        {"parts": [["als"]]},
        {"parts": 7},
        {"backbones": ["efficientnet_lite0"]},
        {"backbones": {"efficientnet_lite0": None}},
        {"settings": []},
        {"settings": {"als": 7}},
        {"settings": {"als": {"backbone": "resnet50"}}},
        {"settings": {"als": {"backbone": ["efficientnet_lite0"]}}},
    ],
)
def test_a_manifest_that_holds_what_none_holds_is_told(
    saved: Path, changes: dict[str, Any]
) -> None:
    edit(saved, **changes)
    assert "damaged" in refusal(saved)


@pytest.mark.parametrize(
    "part",
    ["../secret", "/etc/passwd", "als/../../secret", "..", "", ".", "a\0b", "Als", "a.b", "C:x"],
)
def test_a_manifest_leads_nowhere_out_of_its_folder(saved: Path, part: str) -> None:
    (saved.parent / "secret.safetensors").write_bytes(
        (saved / "als.safetensors").read_bytes(),
    )
    edit(saved, parts=["als", part])
    assert "names parts that cannot be" in refusal(saved)


@pytest.mark.parametrize("name", ["als.safetensors", "hashtags.txt", "manifest.json"])
def test_a_missing_file_is_told(saved: Path, name: str) -> None:
    (saved / name).unlink()
    assert name in refusal(saved)


@pytest.mark.parametrize("kept", [0, 4, 9, 60, -1])
def test_truncated_arrays_are_told(saved: Path, kept: int) -> None:
    file = saved / "als.safetensors"
    file.write_bytes(file.read_bytes()[:kept])
    assert "incomplete or damaged" in refusal(saved)


def test_a_pickle_in_place_of_arrays_is_not_run(saved: Path) -> None:
    (saved / "als.safetensors").write_bytes(b"cos\nabort\n(tR.")
    assert "incomplete or damaged" in refusal(saved)


@pytest.mark.parametrize("text", ["", "\n" * 4, "a\nb\na\nc\n"])
def test_a_vocabulary_that_is_none_is_told(saved: Path, text: str) -> None:
    (saved / "hashtags.txt").write_text(text, encoding="utf-8")
    assert "incomplete or damaged" in refusal(saved)


def test_a_missing_array_and_one_of_another_shape_are_told() -> None:
    bundle = small()
    assert bundle.array("als", "factors", 4, None).shape == (4, 2)
    for part, name in (("als", "photos"), ("w2v", "vectors")):
        with pytest.raises(BundleError, match=f"lacks the array {part}/{name}.*Fit it again"):
            bundle.array(part, name, None)
    for shape in ((4,), (3, 2), (4, 3), (4, 2, 1), ()):
        with pytest.raises(BundleError, match=r"als/factors has shape \(4, 2\).*Fit it"):
            bundle.array("als", "factors", *shape)


# From here on through the engine, with real weights.


@pytest.fixture(scope="module")
def lite() -> Backbone:
    return load_backbone("efficientnet_lite0")


@pytest.fixture
def tiny(tmp_path: Path, lite: Backbone, monkeypatch: pytest.MonkeyPatch) -> Path:
    # Loading the same network for every test would only take time.
    monkeypatch.setattr("recommenders.building.load_backbone", lambda name, weights_dir: lite)
    return tiny_bundle(tmp_path / "tiny", w2v="efficientnet_lite0")


def resave(folder: Path, change: Callable[[Bundle], object]) -> None:
    bundle = bundles.load(folder)
    change(bundle)
    bundles.save(bundle, folder)


def test_a_whole_bundle_answers_a_photo(tiny: Path) -> None:
    engine = Engine.load(tiny)
    features = engine.features([decode(encoded(corners(), "JPEG"))], engine.backbones["both"])
    for backend in engine.backends:
        [hashtags] = engine.recommend(features, backend, top=7)
        assert len({hashtag.tag for hashtag in hashtags}) == 7
        assert {hashtag.tag for hashtag in hashtags} <= set(engine.hashtags)


def test_a_bundle_of_other_weights_is_refused(tiny: Path) -> None:
    edit(tiny, backbones={"efficientnet_lite0": "0123456789abcdef" * 4})
    sentence = refusal(tiny, Engine.load)
    assert "other weights of efficientnet_lite0" in sentence
    assert "begins with 0123456789ab," in sentence


def test_a_bundle_of_an_unknown_backbone_is_refused(tiny: Path) -> None:
    edit(tiny, backbones={"efficientnet_lite0": "ab" * 32, "vgg16": "cd" * 32})
    backbones = json.loads((tiny / bundles.MANIFEST).read_text())["backbones"]
    edit(tiny, backbones=dict(reversed(backbones.items())))
    assert "'vgg16', which this tag4pic does not have" in refusal(tiny, Engine.load)


@pytest.mark.parametrize("change", [lambda tags: tags.pop(), lambda tags: tags.append("onemore")])
def test_a_vocabulary_of_another_length_is_refused(
    tiny: Path, change: Callable[[list[str]], object]
) -> None:
    resave(tiny, lambda bundle: change(bundle.hashtags))
    assert "has shape" in refusal(tiny, Engine.load)


ARRAYS = [
    *[("als", name) for name in ("mean", "components", "photos", "photo_factors")],
    *[("als", "hashtag_factors"), ("ranking", "popularity"), ("ranking", "rating")],
    *[("w2v", name) for name in ("vectors", "weight1", "bias1", "weight2", "bias2", "prior")],
]


@pytest.mark.parametrize(("part", "name"), ARRAYS)
def test_a_bundle_without_one_of_its_arrays_is_refused(tiny: Path, part: str, name: str) -> None:
    resave(tiny, lambda bundle: bundle.arrays[part].pop(name))
    assert f"lacks the array {part}/{name}" in refusal(tiny, Engine.load)


@pytest.mark.parametrize(("part", "name"), ARRAYS)
def test_a_bundle_with_an_array_of_another_shape_is_refused(
    tiny: Path, part: str, name: str
) -> None:
    def widen(bundle: Bundle) -> None:
        array = bundle.arrays[part][name]
        bundle.arrays[part][name] = np.concatenate([array, array[..., :1]], axis=-1)

    resave(tiny, widen)
    assert "has shape" in refusal(tiny, Engine.load)
    resave(tiny, lambda bundle: bundle.arrays[part].update({name: np.zeros((), np.float32)}))
    assert f"{part}/{name} has shape ()" in refusal(tiny, Engine.load)


def test_a_bundle_without_a_recommender_is_refused(tiny: Path) -> None:
    edit(tiny, parts=["ranking"])
    assert "no recommender" in refusal(tiny, Engine.load)
