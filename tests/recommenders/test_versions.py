"""Which version is in use, what it was made from, and what each is called."""

import json
from pathlib import Path
from typing import Any

import pytest

from recommenders.bundle import BundleError
from recommenders.versions import MAX_UNUSED, Version, Versions, VersionsBusyError

FIT = "2026-01-01T00:00:00+00:00"


def write(folder: Path, model: str, made_from: str = "", **tuned: Any) -> Path:
    """A folder with a manifest alone: arrays are nothing to versions."""
    provenance = {"fitted_at": FIT} | ({"fine_tuned_from": made_from} if made_from else {})
    folder.mkdir(parents=True)
    manifest = {
        "format": 1,
        "model": model,
        "parts": [],
        "provenance": provenance,
        "metrics": {"fine_tuning": tuned},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions.of(write(tmp_path / "mine", "mine-3"))


def test_no_version_is_called_as_the_base_is(versions: Versions) -> None:
    assert versions.name(versions.base) == "mine-3"
    assert versions.next_name() == "mine-4"


def test_a_version_knows_what_those_knew_that_it_was_made_from(versions: Versions) -> None:
    assert versions.knowing() == []
    first = write(versions.folder / "mine-4", "mine-4", "mine-3")
    write(versions.folder / "mine-5", "mine-5", "mine-4")
    third = write(versions.folder / "mine-6", "mine-6", "mine-4")
    versions.promote(third)
    assert versions.lineage() == [third, first, versions.base]
    assert versions.knowing() == ["mine-6", "mine-4"]
    (first / "manifest.json").unlink()
    assert versions.knowing() == ["mine-6", "mine-4"]


def test_versions_made_from_each_other_are_no_endless_line(versions: Versions) -> None:
    write(versions.folder / "mine-4", "mine-4", "mine-5")
    versions.promote(write(versions.folder / "mine-5", "mine-5", "mine-4"))
    assert versions.knowing() == ["mine-5", "mine-4"]


def test_a_version_is_told_by_its_manifest_however_its_folder_is_called(
    versions: Versions,
) -> None:
    figures = {"before": {"labels": 0.1, "replay": 0.7}, "after": {"labels": 0.9, "replay": "?"}}
    folder = versions.folder / "mine-9"
    write(folder, "mine-4", "mine-3", outcome="learnt", taught_photos=12, **figures)
    base, version = versions.history()
    assert (base.model, base.after) == ("mine-3", {})
    assert (version.model, version.outcome, version.photos) == ("mine-4", "learnt", 12)
    assert (version.before, version.after) == (figures["before"], {"labels": 0.9})
    (folder / "manifest.json").write_text("[1]")
    assert Version.at(folder) == Version(folder, "mine-9", damaged=True)


def test_versions_are_busy_while_one_is_made(versions: Versions) -> None:
    assert not versions.busy()
    with versions.alone():
        assert versions.busy()
        with pytest.raises(VersionsBusyError, match="mine-3 is already being fine-tuned"):
            versions.alone().__enter__()
    assert not versions.busy()


def test_what_cannot_be_gone_back_from_is_called_by_its_model(versions: Versions) -> None:
    with pytest.raises(BundleError, match="mine-3 is as fitted"):
        versions.roll_back()


def test_only_folders_that_fine_tuning_made_are_counted_and_tidied(versions: Versions) -> None:
    fit = write(versions.folder / "mine-4", "mine-4-1")
    photos = versions.folder / "mine-5"
    photos.mkdir()
    (photos / "holiday.jpg").write_bytes(b"precious")
    damaged = write(versions.folder / "mine-6", "mine-6", "mine-3")
    (damaged / "manifest.json").write_text("{")
    made = [
        write(versions.folder / f"mine-{number}", f"mine-{number}", "mine-3")
        for number in range(7, 10 + MAX_UNUSED)
    ]
    (made[0] / "holiday.jpg").write_bytes(b"precious")
    assert [one.folder for one in versions.history()] == [versions.base, damaged, *made]
    assert versions.next_name() == f"mine-{10 + MAX_UNUSED}"
    versions.tidy()
    left = {versions.base, fit, photos, damaged, made[0], *made[-MAX_UNUSED:]}
    assert set(versions.folder.iterdir()) == left
    assert (photos / "holiday.jpg").exists()


def test_the_base_is_not_tidied_though_versions_were_made_from_each_other(
    versions: Versions,
) -> None:
    write(versions.folder / "mine-4", "mine-4", "mine-5")
    versions.promote(write(versions.folder / "mine-5", "mine-5", "mine-4"))
    for number in range(6, 8 + MAX_UNUSED):
        write(versions.folder / f"mine-{number}", f"mine-{number}", "mine-3")
    versions.tidy()
    assert versions.base.exists()
