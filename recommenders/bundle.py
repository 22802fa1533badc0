"""The bundle: a folder with everything that inference needs, and nothing that can run.

``manifest.json`` (format, model version, backbones with the SHA-256 of their weights, settings,
metrics, provenance), ``hashtags.txt`` (the vocabulary, one a line; its order is that of every
array's hashtag axis) and ``als.safetensors``, ``w2v.safetensors``, … with arrays. Never a pickle.
"""

import errno
import glob
import json
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from recommenders.arrays import Array, Floats

STARTER = Path(__file__).parent / "starter"
"""The bundle that ships with tag4pic, the default."""

NEIGHBOURS = "neighbours"
"""The part that is memory-mapped and not read: an index of many photos."""

FORMAT = 1
MANIFEST = "manifest.json"
VOCABULARY = "hashtags.txt"

_PARTIAL = ".partial"
# A bundle that is half written for this long is deleted.
_PARTIAL_SECONDS = 24 * 3600

# Part names become file names, so they must not lead out of the folder.
_PART = re.compile(r"[a-z][a-z0-9_]*")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class BundleError(Exception):
    """A bundle that cannot be used; the message says why and what to do."""


@dataclass
class Part:
    """One part of a bundle: settings (plain JSON values) and named arrays."""

    settings: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)


@dataclass
class Bundle:
    """A bundle in memory.

    A part is written and read beside the class that it holds: ``people_part`` in
    ``recommenders.people`` writes what ``read_people`` reads. Readers raise BundleError where an
    array is missing, its shape does not fit the vocabulary or the backbone, or a setting cannot be.

    Attributes:
        model: the model's version, such as ``starter-1``.
        hashtags: the vocabulary, canonical.
        backbones: SHA-256 of the weights that the parts were fitted with, by backbone.
        settings: per part (``als``, ``w2v``, ``both``, ``ranking``), plain JSON values.
        arrays: per part, named arrays.
        metrics, provenance: the fit's measurements, and what it was fitted from.
    """

    model: str
    hashtags: list[str]
    backbones: dict[str, str]
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    arrays: dict[str, dict[str, Array]] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    def with_parts(self, parts: Mapping[str, Part]) -> "Bundle":
        """A copy with parts added or replaced; settings that a new part does not name stay."""
        settings = {name: self.settings.get(name, {}) | p.settings for name, p in parts.items()}
        arrays = {name: part.arrays for name, part in parts.items() if part.arrays}
        return replace(self, settings=self.settings | settings, arrays=self.arrays | arrays)

    def without(self, *parts: str) -> "Bundle":
        """A copy without the arrays of these parts, to save memory."""
        arrays = {name: arrays for name, arrays in self.arrays.items() if name not in parts}
        return replace(self, arrays=arrays)

    def array(self, part: str, name: str, *shape: int | None) -> Array:
        """An array of a part; ``shape`` is the expected shape, None for any size.

        Raises:
            BundleError: where it is missing or has another shape.
        """
        try:
            array = self.arrays[part][name]
        except KeyError:
            raise BundleError(
                f"Bundle {self.model} lacks the array {part}/{name}. Fit it again, or take the "
                "bundle from a backup."
            ) from None
        if array.ndim != len(shape) or any(
            size not in (None, there) for size, there in zip(shape, array.shape, strict=True)
        ):
            raise BundleError(
                f"Bundle {self.model} is damaged: {part}/{name} has shape {array.shape}. Fit it "
                "again, or take the bundle from a backup."
            )
        return array

    def floats(self, part: str, name: str, *shape: int | None) -> Floats:
        """An array of a part as float32; arguments and errors as of ``array``."""
        return self.array(part, name, *shape).astype(np.float32)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest of a bundle folder; only its format version is checked.

    Raises:
        BundleError: where it is missing, cannot be read or has another format version.
    """
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if not folder.is_dir():
            home = " Write the whole path: ~ is not expanded." if "~" in folder.parts else ""
            raise BundleError(
                f"The bundle's folder {folder} does not exist.{home} `tag4pic train fit` makes "
                "one; without MODEL_DIR the starter is used."
            ) from None
        raise BundleError(
            f"{folder} is not a bundle: it has no {MANIFEST}. `tag4pic train fit` makes one; "
            "without MODEL_DIR the starter is used."
        ) from None
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read ({error.strerror}): mend that, or choose another folder."
        ) from None
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} cannot be read ({error}). Take it from a backup.") from None
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if version != FORMAT:
        raise BundleError(
            f"{folder} has bundle format {version!r}, this tag4pic reads {FORMAT}. Fit it again "
            "with `tag4pic train fit`, or update tag4pic."
        )
    assert isinstance(manifest, dict)
    return manifest


def load(folder: Path) -> Bundle:
    """Reads a bundle folder.

    Raises:
        BundleError: where it is missing, of another format version, or damaged.
    """
    aside = _set_aside(folder) / MANIFEST
    # Path.exists would raise for a folder that cannot be looked up; read_manifest says why.
    if not os.access(folder, os.F_OK) and os.access(aside, os.F_OK):
        folder = _set_aside(folder)  # a save was killed between its two renames
    path, manifest = folder / MANIFEST, read_manifest(folder)
    try:
        _check_manifest(manifest)
        text = (folder / VOCABULARY).read_text(encoding="utf-8")
        hashtags = text.split("\n")[:-1]
        if not hashtags or len(set(hashtags)) < len(hashtags) or _CONTROL.search(text):
            raise ValueError(
                f"{VOCABULARY} is empty, repeats a hashtag or has one that none can be"
            )
        return Bundle(
            model=str(manifest["model"]),
            hashtags=hashtags,
            backbones=manifest["backbones"],
            settings=manifest["settings"],
            arrays={part: _read(folder / f"{part}.safetensors") for part in manifest["parts"]},
            metrics=manifest.get("metrics", {}),
            provenance=manifest.get("provenance", {}),
        )
    except KeyError as error:
        raise BundleError(f"{path} lacks {error}. Fit the bundle again.") from None
    except Exception as error:  # safetensors has its own error types
        raise BundleError(
            f"{folder} is incomplete or damaged ({error}). Fit it again, or take it from a backup."
        ) from None


def _read(path: Path) -> dict[str, Array]:
    if path.stem != NEIGHBOURS:
        return load_file(path)
    with safe_open(path, "np") as file:  # checks that the file is complete
        names = list(file.keys())
    with path.open("rb") as opened:
        start = 8 + int.from_bytes(opened.read(8), "little")
        header = json.loads(opened.read(start - 8))
    arrays: dict[str, Array] = {}
    for name in names:
        first, last = header[name]["data_offsets"]
        arrays[name] = np.memmap(path, np.uint8, "r", start + first, last - first)
    return arrays


def _check_manifest(manifest: dict[str, Any]) -> None:
    """Raises ValueError where a manifest is malformed, KeyError where it lacks something."""
    parts, backbones, settings = manifest["parts"], manifest["backbones"], manifest["settings"]
    if not isinstance(parts, list) or not all(
        isinstance(part, str) and _PART.fullmatch(part) for part in parts
    ):
        raise ValueError(f"{MANIFEST} names impossible parts: {parts!r:.80}")
    if not isinstance(backbones, dict) or not all(
        isinstance(digest, str) for digest in backbones.values()
    ):
        raise ValueError(f"{MANIFEST} has no SHA-256 for each backbone")
    if not isinstance(settings, dict) or not all(
        isinstance(values, dict) for values in settings.values()
    ):
        raise ValueError(f"{MANIFEST} has no settings for each part")
    for part, values in settings.items():
        if part in parts and values.get("backbone", None) not in (None, *backbones):
            raise ValueError(f"{part} uses a backbone that {MANIFEST} does not list")


def save(bundle: Bundle, folder: Path) -> None:
    """Writes a bundle, whole or not at all, replacing an existing one.

    Raises:
        BundleError: where the folder holds something else, or cannot be written.
    """
    with _refusing(folder):
        folder = folder.resolve()
        _check_nothing_is_lost(folder)
    old = _set_aside(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _delete_leftovers(folder)
        # Its own folder, since another process may save to the same one.
        with TemporaryDirectory(
            prefix=f".{folder.name}.", suffix=_PARTIAL, dir=folder.parent
        ) as private:
            partial = Path(private) / folder.name
            partial.mkdir()
            _write(bundle, partial)
            if folder.exists():
                shutil.rmtree(old, ignore_errors=True)
                folder.rename(old)
            partial.rename(folder)
    except (OSError, SafetensorError) as error:
        raise BundleError(
            f"The bundle could not be written to {folder} ({error}). What was there is still there."
        ) from error
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _delete_leftovers(folder: Path) -> None:
    """Deletes what killed saves left half written."""
    earlier = folder.with_name(f".{folder.name}{_PARTIAL}")  # as they were called once
    for left in (earlier, *folder.parent.glob(f".{glob.escape(folder.name)}.*{_PARTIAL}")):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - _PARTIAL_SECONDS:
                shutil.rmtree(left)


def _set_aside(folder: Path) -> Path:
    """Where the old bundle is while the new one takes its place."""
    folder = Path(os.path.realpath(folder))  # Path.resolve raises RuntimeError for a loop of links
    return folder.with_name(f".{folder.name}.old")


def check_replaceable(folder: Path) -> None:
    """Checks before a fit, which may take hours, that its bundle can be saved to a folder.

    Raises:
        BundleError: where ``save`` would refuse it, where nothing can be written there, or where it
            is a version that fine-tuning made, which may be in use.
    """
    with _refusing(folder):
        place = folder.resolve()
        _check_nothing_is_lost(place)
        if around := next(filter(_any_manifest, place.parents), None):
            raise BundleError(f"{folder} is inside the bundle {around}: choose another folder.")
        if place.exists():
            _check_can_be_moved(place)
        provenance = _any_manifest(place).get("provenance")
        there = next(one for one in place.parents if os.path.lexists(one))
        TemporaryDirectory(prefix=f".{place.name}.", suffix=_PARTIAL, dir=there).cleanup()
    if isinstance(provenance, dict) and (earlier := provenance.get("fine_tuned_from")):
        raise BundleError(
            f"{folder} is a version that fine-tuning made of {earlier}: choose another folder."
        )


@contextmanager
def _refusing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # Path.resolve raises RuntimeError for a loop of links
        reason = getattr(error, "strerror", None) or error
        raise BundleError(
            f"No bundle can be written to {folder} ({reason}). Choose another folder."
        ) from error


def _check_can_be_moved(folder: Path) -> None:
    """Raises an error where ``save`` could not set the old bundle aside."""
    parent = folder.parent.stat()
    sticky = parent.st_mode & stat.S_ISVTX
    if sticky and os.geteuid() not in (0, parent.st_uid, folder.stat().st_uid):
        raise PermissionError(errno.EPERM, "it is another user's")
    old = _set_aside(folder)
    shutil.rmtree(old, ignore_errors=True)
    if os.path.lexists(old):
        raise BundleError(
            f"{old}, which an earlier save left, cannot be deleted: delete it, or choose another "
            "folder."
        )


def _check_nothing_is_lost(folder: Path) -> None:
    """Raises BundleError where a folder is there and is neither empty nor a bundle alone."""
    if not folder.exists() and not folder.is_symlink():
        return
    if os.path.ismount(folder):
        raise BundleError(f"{folder} is a mount point: choose a folder in it.")
    if folder.samefile("."):
        raise BundleError(
            f"{folder} is the current folder, which a bundle would replace. Choose another."
        )
    if lost := stray(folder):
        raise BundleError(
            f"{folder} holds something other than a bundle ({lost}), which would be lost. Choose "
            "another folder, or empty this one."
        )


def stray(folder: Path) -> str:
    """What would be lost with a folder besides a bundle: a file's name, or "" for nothing."""
    try:
        files = sorted(file for file in folder.iterdir() if not _is_unseen(file))
    except NotADirectoryError:
        return "a file"
    except OSError:
        return "what cannot be looked at"
    manifest = _any_manifest(folder)
    if not manifest:
        there = (file.name for file in files)
        return MANIFEST if (folder / MANIFEST).exists() else next(there, "")
    ours = {MANIFEST, VOCABULARY, *(f"{part}.safetensors" for part in manifest["parts"])}
    return next((one.name for one in files if one.name not in ours or not one.is_file()), "")


def _is_unseen(file: Path) -> bool:
    """Whether macOS wrote it while somebody looked at the folder."""
    return (file.name == ".DS_Store" or file.name.startswith("._")) and file.is_file()


def _any_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a bundle of any format version; empty where it is none of a bundle."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(manifest, dict) or not isinstance(manifest.get("parts"), list):
        return {}
    return manifest if {"format", "model"} <= manifest.keys() else {}


def _write(bundle: Bundle, folder: Path) -> None:
    manifest = {
        "format": FORMAT,
        "model": bundle.model,
        "backbones": bundle.backbones,
        "parts": sorted(bundle.arrays),
        "settings": bundle.settings,
        "metrics": bundle.metrics,
        "provenance": bundle.provenance,
    }
    (folder / VOCABULARY).write_text("".join(f"{t}\n" for t in bundle.hashtags), encoding="utf-8")
    for part, arrays in bundle.arrays.items():
        contiguous = {name: np.asarray(array, order="C") for name, array in arrays.items()}
        file = folder / f"{part}.safetensors"
        save_file(contiguous, file)
        # safetensors lets nobody else read it, and the bot may run as another user.
        file.chmod((folder / VOCABULARY).stat().st_mode & 0o777)
    (folder / MANIFEST).write_text(
        json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
