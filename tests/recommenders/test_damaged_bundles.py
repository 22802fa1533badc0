"""What is not a whole bundle is refused with a sentence."""

from pathlib import Path
from typing import Any

import pytest

from recommenders import bundle as bundles
from recommenders.bundle import BundleError
from tests.recommenders.small_bundle import edit_manifest, refusal, small


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    sentence = refusal(tmp_path / "nothing")
    assert "nothing does not exist." in sentence and "~" not in sentence
    assert "without MODEL_DIR the starter is used" in sentence


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    assert "is not a bundle" in refusal(tmp_path)


def test_a_file_in_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_text("{}")
    refusal(tmp_path / "bundle")


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, [1]])
def test_another_format_version_is_told(saved: Path, version: object) -> None:
    edit_manifest(saved, format=version)
    sentence = refusal(saved)
    assert f"bundle format {version!r}, this tag4pic reads 1" in sentence
    assert "update tag4pic" in sentence


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "\0", "[" * 100_000, '{"format": 1', "\ufeff{}", '"format"']
)
def test_a_manifest_that_is_none_is_told(saved: Path, text: str) -> None:
    (saved / bundles.MANIFEST).write_text(text, encoding="utf-8")
    refusal(saved)


def test_a_manifest_that_is_no_text_is_told(saved: Path) -> None:
    (saved / bundles.MANIFEST).write_bytes(b"\xff\xfe\x00")
    refusal(saved)


@pytest.mark.parametrize("name", ["model", "parts", "backbones", "settings"])
def test_a_manifest_that_lacks_something_is_told(saved: Path, name: str) -> None:
    edit_manifest(saved, **{name: None})
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
    edit_manifest(saved, **changes)
    assert "damaged" in refusal(saved)


@pytest.mark.parametrize(
    "part",
    ["../secret", "/etc/passwd", "als/../../secret", "..", "", ".", "a\0b", "Als", "a.b", "C:x"],
)
def test_a_manifest_leads_nowhere_out_of_its_folder(saved: Path, part: str) -> None:
    (saved.parent / "secret.safetensors").write_bytes(
        (saved / "als.safetensors").read_bytes(),
    )
    edit_manifest(saved, parts=["als", part])
    assert "names impossible parts" in refusal(saved)


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


@pytest.mark.parametrize("text", ["", "\n" * 4, "a\nb\na\nc\n", "a\nb\x1b[2J\nc\nd\n"])
def test_a_vocabulary_that_is_none_is_told(saved: Path, text: str) -> None:
    (saved / "hashtags.txt").write_text(text, encoding="utf-8")
    assert "incomplete or damaged" in refusal(saved)


def test_an_array_of_the_expected_shape_is_given() -> None:
    assert small().array("als", "factors", 4, None).shape == (4, 2)


@pytest.mark.parametrize(("part", "name"), [("als", "photos"), ("w2v", "vectors")])
def test_a_missing_array_is_told(part: str, name: str) -> None:
    with pytest.raises(BundleError, match=f"lacks the array {part}/{name}.*Fit it again"):
        small().array(part, name, None)


@pytest.mark.parametrize("shape", [(4,), (3, 2), (4, 3), (4, 2, 1), ()])
def test_an_array_of_another_shape_is_told(shape: tuple[int, ...]) -> None:
    with pytest.raises(BundleError, match=r"als/factors has shape \(4, 2\).*Fit it"):
        small().array("als", "factors", *shape)
