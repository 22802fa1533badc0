"""Versions of a bundle: fine-tuned ones stand beside the one they come from.

Beside the bundle ``data/mine`` stand ``data/mine-2``, ``data/mine-3``, …, and the file
``data/mine.current`` names the one that answers; without it, that is ``data/mine`` itself. The
starter is read only, so its versions stand in ``data/models``: ``starter-2``, ``starter.current``.
The file is replaced as a whole, and last: whatever is interrupted, the old version stays in use.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from recommenders.bundle import MANIFEST, STARTER, Bundle, BundleError, load, save

MODELS = Path("data/models")
"""Where versions of the starter stand."""

MAX_UNUSED = 5
"""Of the versions that are not in use, the newest so many stay."""


@dataclass(frozen=True)
class Versions:
    """The versions of a bundle.

    Attributes:
        base: the bundle that the first one comes from.
        folder: where the others stand.
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
        """The version in use; the base where the promoted one is gone, or of another fit."""
        name = self.named() or ""
        version = self.folder / name
        # A base that was fitted again since has nothing to do with versions of the earlier one.
        return version if self._is_ours(name) and _fit(version) == _fit(self.base) else self.base

    def named(self) -> str | None:
        """The name of the version that was promoted, there or not; None where none was."""
        try:
            return self.pointer.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None

    def next_name(self) -> str:
        """The name of the next version, which none has had: answers are stored by it."""
        names = [path.name for path in self._all()]
        promoted = self.named() or ""
        if self._is_ours(promoted):
            names.append(promoted)
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
        """From now on this version answers.

        Raises:
            BundleError: where that cannot be written; the old one stays in use.
        """
        partial = self.pointer.with_name(f".{self.pointer.name}.partial")
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            with partial.open("w", encoding="utf-8") as file:
                file.write(f"{version.name}\n")
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.pointer)
        except OSError as error:
            with suppress(OSError):
                partial.unlink()
            raise BundleError(
                f"{version.name} could not be put in use ({error}). The version that was in use "
                "still is."
            ) from error

    def roll_back(self) -> tuple[str, Path]:
        """Goes back to the version that the one in use was made from.

        Returns:
            The model that is no longer in use, and the version that is.

        Raises:
            BundleError: where there is nothing to go back to.
        """
        version = self.current()
        if version == self.base:
            raise BundleError(
                f"{self.base.name} is as it was fitted; there is no version to go back to."
            )
        bundle = load(version)
        name = str(bundle.provenance.get("fine_tuned_from", ""))
        earlier = self.folder / name
        if not self._is_ours(name) or not (earlier / MANIFEST).is_file():
            earlier = self.base
        self.promote(earlier)
        return bundle.model, earlier

    def tidy(self) -> None:
        """Deletes the oldest versions; those in use and those it can go back to stay."""
        version = self.current()
        needed = {version}
        while version != self.base:
            earlier = str(_provenance(version, "fine_tuned_from"))
            version = self.folder / earlier if earlier else self.base
            if version in needed or not version.exists():
                break
            needed.add(version)
        unused = [path for path in self._all() if path not in needed]
        for path in unused[:-MAX_UNUSED]:
            shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only one process fine-tunes these versions at a time.

        Raises:
            BundleError: where another does.
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
                raise BundleError(
                    f"{self.base.name} is being fine-tuned already. Try again when that is done."
                ) from None
            yield

    def _all(self) -> list[Path]:
        """Fine-tuned versions, oldest first."""
        if not self.folder.is_dir():
            return []
        versions = [path for path in self.folder.iterdir() if self._is_ours(path.name)]
        return sorted(versions, key=lambda path: _number(path.name))

    def _is_ours(self, name: str) -> bool:
        stem, _, number = name.rpartition("-")
        return stem == self.base.name and number.isdecimal() and len(number) < 9


def in_use(model_dir: Path | None) -> Path | None:
    """The bundle that answers for the setting MODEL_DIR: itself, or its version in use."""
    versions = Versions.of(model_dir)
    current = versions.current()
    return model_dir if current == versions.base else current


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _fit(bundle: Path) -> object:
    """When a bundle was fitted or built, which tells one fit from another."""
    return _provenance(bundle, "fitted_at", "built_at")


def _provenance(bundle: Path, *names: str) -> object:
    """The first of these that a bundle's provenance has; "" for none, None for no bundle."""
    try:
        manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
        provenance = manifest["provenance"]
        return next((provenance[name] for name in names if name in provenance), "")
    except (OSError, ValueError, LookupError, TypeError):
        return None
