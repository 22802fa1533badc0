"""Results of ``compare`` on the disk, a file of JSON each."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from training.datasets.format import DatasetError, write_json


@dataclass(frozen=True, order=True)
class MeasuredOn:
    """What results share that can be compared.

    Attributes:
        networks: each as backend, backbone and digest of its weights; of one backbone for every
            backend, as of a fit of a single backend, the backend is "".
        posts: the digest of the posts that they were fitted and measured on.
    """

    dataset: str
    split: str
    at: int
    networks: tuple[tuple[str, str, str], ...]
    posts: str


@dataclass(frozen=True)
class Result:
    """How a combination was fitted and measured.

    Attributes:
        settings: those of its ``Combination``.
        photos: how many it was measured on.
        backends: figures by backend, as in ``evaluate``; empty if it could not be fitted.
        intervals: their 95 % bootstrap intervals.
        empty_accuracy: what ``accuracy`` is for answers without a hashtag.
        cpu_seconds, seconds: CPU and wall-clock time of the fit; without the features, which are
            shared, with the vectors, as if they had been learnt for it alone.
        error: why it could not be fitted, or "".
        of: its inputs: the digest of the posts, the weights of the backbones, the plan.
    """

    dataset: str
    split: str
    at: int
    settings: tuple[str, ...]
    photos: int = 0
    backends: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    intervals: Mapping[str, Mapping[str, tuple[float, float]]] = field(default_factory=dict)
    empty_accuracy: float = 0.0
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    error: str = ""
    of: Mapping[str, Any] = field(default_factory=dict)

    @property
    def backbones(self) -> str:
        """The names of its backbones."""
        return " and ".join(dict.fromkeys(name for one in self._weights.values() for name in one))

    @property
    def posts(self) -> str:
        """The digest of the posts that it was fitted and measured on."""
        return str(self.of.get("posts", ""))

    @property
    def measured_on(self) -> MeasuredOn:
        """What it shares with the results that it can be compared with."""
        weights = [*self._weights.values()]
        alike = all(one == weights[0] for one in weights)
        networks = {
            ("" if alike else backend, name, digest)
            for backend, one in self._weights.items()
            for name, digest in one.items()
        }
        return MeasuredOn(self.dataset, self.split, self.at, tuple(sorted(networks)), self.posts)

    @property
    def _weights(self) -> Mapping[str, Mapping[str, str]]:
        weights: Mapping[str, Mapping[str, str]] = self.of.get("backbones", {})
        return weights


def prepare_folder(folder: Path) -> None:
    """Makes a folder for results.

    Raises:
        DatasetError: where nothing can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".partial").touch()
        (folder / ".partial").unlink()
    except OSError as error:
        raise DatasetError(
            f"Results cannot be written to {folder} ({error.strerror or error})."
        ) from error


def result_file(folder: Path, settings: Sequence[str], inputs: Mapping[str, Any]) -> Path:
    """The file of a result, identified by a digest of its inputs.

    The rest of the name is for people, and may differ: one plan can be written in several ways.
    """
    digest = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:12]
    name = re.sub(r"[^\w.=-]+", "_", "_".join(settings))[:100] or "plan"
    return next(folder.glob(f"*-{digest}.json"), folder / f"{name}-{digest}.json")


def write_result(file: Path, result: Result) -> None:
    """Writes a result, whole or not at all.

    Raises:
        DatasetError: where it cannot be written.
    """
    try:
        write_json(file, asdict(result))
    except OSError as error:
        raise DatasetError(f"{file} cannot be written ({error.strerror or error}).") from error


def read_result(file: Path) -> Result | None:
    """Reads a result; None if the file is missing or is no result."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        values["settings"] = tuple(values["settings"])
        return Result(of=dict(values.pop("of")), **values)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def read_results(folder: Path) -> list[Result]:
    """All results in a folder, sorted by what they were measured on and by their settings.

    Raises:
        DatasetError: where there is none.
    """
    stored = [read_result(file) for file in folder.glob("*.json")]
    results = [result for result in stored if result is not None]
    if not results:
        raise DatasetError(
            f"{folder} has no results: `tag4pic train compare --out {folder}` writes them."
        )
    return sorted(results, key=lambda one: (one.measured_on, _natural(one)))


def _natural(result: Result) -> list[tuple[str, float, str]]:
    """A sort key by which 40 comes before 150."""
    order = []
    for setting in result.settings:
        name, _, value = setting.partition("=")
        number = float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else 0.0
        order.append((name, number, value))
    return order
