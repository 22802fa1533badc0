"""Versions of a bundle: fine-tuned ones are stored beside the one they come from.

Beside the bundle ``data/mine`` (the model ``mine-1``) are ``data/mine-2``, ``data/mine-3``, …; the
file ``data/mine.current`` names the one in use; without the file it is ``data/mine`` itself. The
starter is read-only, so its versions are in ``data/models``, with the file ``starter.current``. The
file is replaced atomically, as the last step: after any interruption the old version stays in use.

People see a version under the model name in its manifest, whatever its folder is called; answers
and labels use that name too.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommenders.bundle import (
    MANIFEST,
    STARTER,
    Bundle,
    BundleError,
    load,
    read_manifest,
    save,
    stray,
)
from recommenders.whole_files import written_whole

MODELS = Path("data/models")
"""The folder for versions of the starter."""

MAX_UNUSED = 5
"""How many of the newest unused versions ``tidy`` leaves."""


class VersionsBusyError(BundleError):
    """Another process is making a version or rolling one back."""


@dataclass(frozen=True)
class Version:
    """A version as its manifest describes it.

    Attributes:
        model: its name to people; the folder's name where the manifest cannot be read.
        damaged: whether the manifest cannot be read.
        outcome: of its fine-tuning: ``learnt`` where it was put in use, ``forgets`` or
            ``not_learnt`` where it was not; empty where the manifest has none.
        made_at: when it was fine-tuned, ISO 8601, or empty.
        photos: how many photos that people tagged it learnt from.
        before, after: recall, 0 to 1, of the version it was made from and its own: ``labels`` of
            held-out photos' hashtags that neither had learnt, ``replay`` of what was known before.
            Empty where not fine-tuned.
    """

    folder: Path
    model: str
    damaged: bool = False
    outcome: str = ""
    made_at: str = ""
    photos: int = 0
    before: Mapping[str, float] = field(default_factory=dict)
    after: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def at(cls, folder: Path) -> "Version":
        """The version in a folder, even if it is damaged or missing."""
        manifest = _manifest(folder)
        model = str(manifest.get("model") or folder.name)
        provenance, metrics = manifest.get("provenance"), manifest.get("metrics")
        tuned = metrics.get("fine_tuning") if isinstance(metrics, dict) else None
        if not isinstance(tuned, dict) or not isinstance(provenance, dict):
            return cls(folder, model, damaged=not manifest)
        photos = tuned.get("taught_photos")
        return cls(
            folder,
            model,
            outcome=str(tuned.get("outcome", "")),
            made_at=str(provenance.get("fine_tuned_at", "")),
            photos=photos if isinstance(photos, int) else 0,
            before=_figures(tuned.get("before")),
            after=_figures(tuned.get("after")),
        )


@dataclass(frozen=True)
class Versions:
    """The versions of a bundle.

    Attributes:
        base: the bundle that all others come from.
        folder: where the others are.
    """

    base: Path
    folder: Path

    @classmethod
    def of(cls, model_dir: Path | None, models: Path = MODELS) -> "Versions":
        """The versions of a bundle, of the starter where ``model_dir`` is None."""
        if model_dir is None:
            return cls(STARTER, models)
        base = model_dir.absolute()
        return cls(base, base.parent)

    @property
    def pointer(self) -> Path:
        """The file that names the version in use."""
        return self.folder / f"{self.base.name}.current"

    def current(self) -> Path:
        """The version in use; the base where the promoted one is missing, or of another fit."""
        name = self.named() or ""
        version = self.folder / name
        # Versions of an earlier fit do not count once the base was fitted again.
        return version if self._is_numbered(name) and self.of_this_fit(version) else self.base

    def named(self) -> str | None:
        """The name of the promoted version, which may be missing; None where none was promoted."""
        try:
            return self.pointer.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None

    def name(self, folder: Path) -> str:
        """The model name of the version in a folder."""
        return Version.at(folder).model

    def lineage(self) -> list[Path]:
        """The version in use and its ancestors, back to the base."""
        lineage = [self.current()]
        while lineage[-1] != self.base:
            earlier = self._made_from(lineage[-1])
            if earlier in lineage:
                break
            lineage.append(earlier)
        return lineage

    def knowing(self) -> list[str]:
        """The fine-tuned models whose labels the version in use knows: itself and its ancestors."""
        names = []
        for folder in self.lineage():
            if folder != self.base:
                # The parent's too, even if its folder no longer exists.
                names += [self.name(folder), str(_provenance(folder, "fine_tuned_from") or "")]
        known = dict.fromkeys(names)
        return [name for name in known if name and name != self.name(self.base)]

    def history(self) -> list[Version]:
        """The base and the existing fine-tuned versions, oldest first; damaged ones too."""
        return [Version.at(self.base), *self._fine_tuned()]

    def of_this_fit(self, folder: Path) -> bool:
        """Whether a version comes from the present fit of the base, not from an earlier one."""
        return _fit(folder) == _fit(self.base)

    def next_name(self) -> str:
        """A name for the next version that none has had, since answers are stored under it."""
        names = [path.name for path in self._numbered()]
        promoted, base = self.named() or "", self.name(self.base)
        names += [name for name in (promoted, base) if self._is_numbered(name)]
        return f"{self.base.name}-{max(map(_number, names), default=1) + 1}"

    def write(self, bundle: Bundle) -> Path:
        """Writes a version beside the others, not yet in use.

        Raises:
            BundleError: where it cannot be written.
        """
        folder = self.folder / bundle.model
        save(bundle, folder)
        return folder

    def promote(self, version: Path) -> None:
        """Puts a version in use.

        Raises:
            BundleError: where that cannot be written; the old one stays in use.
        """
        try:
            with (
                written_whole(self.pointer) as partial,
                partial.open("w", encoding="utf-8") as file,
            ):
                file.write(f"{version.name}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise BundleError(
                f"{self.name(version)} could not be put in use ({error}). The one before it stays "
                "in use."
            ) from error

    def roll_back(self) -> tuple[str, Path]:
        """Goes back to the version that the one in use was made from.

        Returns:
            The model that was in use, and the version that now is.

        Raises:
            BundleError: where there is nothing to go back to.
        """
        self.check_earlier()
        version = self.current()
        model, earlier = load(version).model, self._made_from(version)
        self.promote(earlier)
        return model, earlier

    def check_earlier(self) -> None:
        """Raises BundleError where there is no version to go back to."""
        if self.current() == self.base:
            raise BundleError(
                f"{self.name(self.base)} is as fitted; there is no earlier version to go back to."
            )

    def tidy(self) -> None:
        """Deletes the oldest versions, except the one in use, its ancestors and damaged ones.

        One beside whose files somebody put others stays too.
        """
        needed = self.lineage()
        whole = [version.folder for version in self._fine_tuned() if not version.damaged]
        unused = [folder for folder in whole if folder not in needed]
        for folder in unused[:-MAX_UNUSED]:
            if not stray(folder):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Locks these versions: only one process at a time may fine-tune them.

        Raises:
            VersionsBusyError: where another process does.
            BundleError: where no version can be written.
        """
        try:
            import fcntl
        except ImportError:  # no such locks on Windows
            yield
            return
        path = self.folder / f".{self.base.name}.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w")
        except OSError as error:
            raise BundleError(
                f"No version can be written to {self.folder} ({error}). Nothing was changed."
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise VersionsBusyError(
                    f"{self.name(self.current())} is already being fine-tuned. Try again when that "
                    "is done."
                ) from None
            yield

    def busy(self) -> bool:
        """Whether a process is fine-tuning these versions or rolling one back."""
        try:
            with self.alone():
                return False
        except VersionsBusyError:
            return True
        except BundleError:  # fine-tuning itself will report that no version can be written
            return False

    def _made_from(self, version: Path) -> Path:
        """The version that one was made from; the base where that no longer exists."""
        name = str(_provenance(version, "fine_tuned_from") or "")
        earlier = self.folder / name
        if name == self.name(self.base) or not self._is_numbered(name):
            return self.base
        return earlier if (earlier / MANIFEST).is_file() else self.base

    def _fine_tuned(self) -> list[Version]:
        """The versions that fine-tuning made, oldest first, and those that are damaged.

        People's own fits and other folders may have such names too.
        """
        bundles = [path for path in self._numbered() if (path / MANIFEST).exists()]
        return [
            version
            for version in map(Version.at, bundles)
            if version.damaged or _provenance(version.folder, "fine_tuned_from")
        ]

    def _numbered(self) -> list[Path]:
        """Whatever is named as a version, by number."""
        if not self.folder.is_dir():
            return []
        named = [path for path in self.folder.iterdir() if self._is_numbered(path.name)]
        return sorted(named, key=lambda path: _number(path.name))

    def _is_numbered(self, name: str) -> bool:
        stem, _, number = name.rpartition("-")
        return stem == self.base.name and number.isdecimal() and len(number) < 9


def in_use(model_dir: Path | None) -> Path | None:
    """The bundle in use for the setting MODEL_DIR: itself, or a version of it."""
    versions = Versions.of(model_dir)
    current = versions.current()
    return model_dir if current == versions.base else current


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _fit(bundle: Path) -> object:
    """When a bundle was fitted or built, which identifies the fit."""
    return _provenance(bundle, "fitted_at", "built_at")


def _provenance(bundle: Path, *names: str) -> object:
    """The first of these values in a bundle's provenance; "" for none, None for no bundle."""
    provenance = _manifest(bundle).get("provenance")
    if not isinstance(provenance, dict):
        return None
    return next((provenance[name] for name in names if name in provenance), "")


def _manifest(bundle: Path) -> dict[str, Any]:
    """A bundle's manifest; empty where it cannot be read."""
    try:
        return read_manifest(bundle)
    except BundleError:
        return {}


def _figures(values: object) -> dict[str, float]:
    if not isinstance(values, dict):
        return {}
    return {
        str(name): float(value)
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
