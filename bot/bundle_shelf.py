"""Publishes bundles to an address that all replicas read: a folder, or object storage by fsspec.

Each published bundle has a folder at the address. ``current.json`` names the one to use and the
SHA-256 of each of its files. It is written last, so a partial upload is never used, and a file
whose hash differs is rejected.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import ssl
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import gaierror
from tempfile import TemporaryDirectory
from typing import Protocol

from bot.secret_urls import shown
from recommenders.backbones.weights import sha256
from recommenders.bundle import BundleError, read_manifest
from recommenders.whole_files import written_whole

FETCHED = Path("data/bundles")
"""Where fetched bundles are stored."""

CURRENT = "current.json"
KEEP = 2
"""How many fetched bundles are kept, the newest ones."""

PARTIAL = ".partial"
PARTIAL_SECONDS = 24 * 3600
"""A bundle that is half fetched for this long is deleted."""

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_FOLDER = re.compile(rf"{_NAME.pattern}-[0-9a-f]{{12}}")
"""A bundle's name and the start of its hash, by which ``publish`` names its folder."""


class ShelfError(BundleError):
    """The bundle at an address cannot be used; the message says why, without secrets."""


@dataclass(frozen=True)
class Published:
    """The bundle to use: its folder below the address, and each file's SHA-256."""

    folder: str
    files: Mapping[str, str]


class _Store(Protocol):
    def read(self, name: str) -> bytes: ...
    def write(self, name: str, data: bytes) -> None: ...
    def put(self, file: Path, name: str) -> None: ...
    def get(self, name: str, file: Path) -> None: ...


class Shelf:
    """The bundles at an address.

    Args:
        address: a folder, or a URL that fsspec supports, such as ``s3://bucket/bundles``.

    Raises:
        ShelfError: where the URL cannot be used, or needs a package that is not installed.
    """

    def __init__(self, address: str) -> None:
        if not address.strip():
            raise ShelfError(
                "The address is empty: name a folder, or an address such as s3://bucket/bundles."
            )
        self.address = shown(address) if "://" in address else address
        self._store: _Store
        if "://" in address:
            self._store = _Objects(address, self.address)
        else:
            self._store = _Folder(Path(address))

    def current(self) -> Published:
        """The bundle that was published last.

        Raises:
            ShelfError: where there is none, or the address cannot be reached.
        """
        try:
            content = self._store.read(CURRENT)
        except FileNotFoundError:
            raise ShelfError(
                f"{self.address} has no {CURRENT}: no bundle has been published there yet. "
                "`tag4pic train publish` does that."
            ) from None
        except Exception as error:  # each storage has its own exceptions
            raise _unreachable(self.address, error) from error
        try:
            current = json.loads(content)
            published = Published(current["folder"], dict(current["files"]))
            names_can_be = all(_NAME.fullmatch(name) for name in published.files)
            if not (_FOLDER.fullmatch(published.folder) and names_can_be and published.files):
                raise ValueError("a name that cannot be")
            return published
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ShelfError(f"{self.address}/{CURRENT} cannot be read: publish again.") from None

    def publish(self, bundle: Path) -> Published:
        """Uploads a bundle and makes it the current one.

        Files whose names no bundle has, such as ``.DS_Store``, are left out.

        Raises:
            BundleError: where the folder is not a bundle.
            ShelfError: where the address cannot be written to; the current bundle stays.
        """
        model = str(read_manifest(bundle).get("model", ""))
        name = re.sub("[^A-Za-z0-9._-]", "_", model).lstrip(".-") or "bundle"
        files = {
            file.name: sha256(file)
            for file in sorted(bundle.iterdir())
            if _NAME.fullmatch(file.name) and file.is_file()
        }
        bundle_hash = hashlib.sha256(json.dumps(files).encode()).hexdigest()
        # With the hash, a bundle of the same name does not overwrite files that are being fetched.
        published = Published(f"{name}-{bundle_hash[:12]}", files)
        try:
            for file_name in files:
                self._store.put(bundle / file_name, f"{published.folder}/{file_name}")
            content = {"folder": published.folder, "files": files}
            self._store.write(CURRENT, json.dumps(content, indent=1).encode())
        except Exception as error:
            raise _unreachable(self.address, error) from error
        return published

    def fetch(self, published: Published, into: Path = FETCHED) -> Path:
        """Fetches a bundle unless it is there already; returns its folder below ``into``.

        Raises:
            ShelfError: where a file is missing or differs from what was published.
        """
        folder = into.absolute() / published.folder
        if _is_complete(folder, published):
            with suppress(OSError):
                folder.touch()  # the newest one answers where the address cannot be reached
            return folder
        try:
            into.mkdir(parents=True, exist_ok=True)
            # Its own folder, since another process may fetch the same bundle.
            with TemporaryDirectory(
                prefix=f".{folder.name}.", suffix=PARTIAL, dir=folder.parent
            ) as private:
                partial = Path(private) / folder.name
                partial.mkdir()
                self._get_files(published, partial)
                _move(partial, folder, published)
        except ShelfError:
            raise
        except Exception as error:
            raise _unreachable(self.address, error) from error
        _delete_old(into, folder)
        return folder

    def _get_files(self, published: Published, partial: Path) -> None:
        for name, digest in published.files.items():
            try:
                self._store.get(f"{published.folder}/{name}", partial / name)
            except FileNotFoundError:
                raise self._incomplete(f"{name} is missing") from None
            if sha256(partial / name) != digest:
                raise self._incomplete(f"{name} is not what was published")

    def _incomplete(self, what: str) -> ShelfError:
        return ShelfError(
            f"The bundle at {self.address} is only half uploaded ({what}): publish it again."
        )


def _unreachable(address: str, error: Exception) -> ShelfError:
    # Without the storage's own message, which may contain the address with its secrets.
    number = getattr(error, "errno", None) or 0
    if isinstance(error, gaierror):  # whose number is one of the resolver's
        reason = "the host's name is not known"
    elif isinstance(error, ssl.SSLCertVerificationError):
        reason = "its certificate is not accepted"
    elif isinstance(error, ssl.SSLError):  # whose number is one of OpenSSL's
        reason = "TLS failed"
    elif isinstance(error, ValueError):
        reason = "it is not an address"
    else:
        reason = os.strerror(number) if number in errno.errorcode else type(error).__name__
    return ShelfError(
        f"{address} cannot be used ({reason}): check the address, the rights and free space there, "
        "and the network."
    )


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        with written_whole(self._folder / name) as partial:
            partial.write_bytes(data)

    def put(self, file: Path, name: str) -> None:
        (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, self._folder / name)

    def get(self, name: str, file: Path) -> None:
        shutil.copyfile(self._folder / name, file)


class _Objects:
    def __init__(self, address: str, label: str) -> None:
        try:
            from fsspec.core import url_to_fs
        except ModuleNotFoundError:
            raise ShelfError(
                f"{label} needs fsspec: .venv/bin/pip install 'tag4pic[objects]'."
            ) from None
        try:
            # No cached listings: another process may have written since.
            self._files, root = url_to_fs(
                address, use_listings_cache=False, skip_instance_cache=True
            )
        except ImportError as error:
            raise ShelfError(f"{label} needs a package that is not installed: {error}.") from None
        except ssl.SSLError as error:  # of a certificate, it is a ValueError too
            raise _unreachable(label, error) from error
        except ValueError:
            raise ShelfError(f"fsspec does not know addresses such as {label}.") from None
        except Exception as error:  # some connect at once
            raise _unreachable(label, error) from error
        self._root = root.rstrip("/")

    def read(self, name: str) -> bytes:
        return bytes(self._files.cat_file(f"{self._root}/{name}"))

    def write(self, name: str, data: bytes) -> None:
        self._files.pipe_file(f"{self._root}/{name}", data)

    def put(self, file: Path, name: str) -> None:
        path = f"{self._root}/{name}"
        # Object storage has no folders, and a mistyped bucket must not be made.
        if Path(path).is_absolute():
            self._files.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._files.put_file(str(file), path)

    def get(self, name: str, file: Path) -> None:
        self._files.get_file(f"{self._root}/{name}", str(file))


def _is_complete(folder: Path, published: Published) -> bool:
    try:
        return all(sha256(folder / name) == one for name, one in published.files.items())
    except OSError:
        return False


def _move(partial: Path, folder: Path, published: Published) -> None:
    """Moves a fetched bundle to its place, unless another process has just done so."""
    try:
        partial.rename(folder)
    except OSError:  # a folder is there
        if not _is_complete(folder, published):
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)


def _delete_old(into: Path, newest: Path) -> None:
    """Deletes old fetched bundles, and what killed processes left half fetched.

    Other processes on this machine may use the newest ``KEEP``.
    """

    def fetched_at(folder: Path) -> float:
        return folder.stat().st_mtime

    with suppress(OSError):
        newest.touch()
        for old in sorted(_fetched(into), key=fetched_at, reverse=True)[KEEP:]:
            shutil.rmtree(old, ignore_errors=True)
        for partial in into.glob(f".*{PARTIAL}"):
            if fetched_at(partial) < time.time() - PARTIAL_SECONDS:
                shutil.rmtree(partial, ignore_errors=True)


def answering(address: str, into: Path = FETCHED) -> tuple[Path, str]:
    """The bundle to start with: the published one, else the one that was fetched last.

    Returns:
        Its folder, and why it is not the published one; empty where it is.

    Raises:
        ShelfError: where there is neither.
    """
    try:
        shelf = Shelf(address)
        return shelf.fetch(shelf.current(), into), ""
    except ShelfError as error:
        last = max(_fetched(into), key=lambda folder: folder.stat().st_mtime, default=None)
        if last is None:
            raise
        return last.absolute(), str(error)


def _fetched(into: Path) -> list[Path]:
    """The bundles that were fetched; people may have folders of their own beside them."""
    try:
        folders = list(into.iterdir())
    except OSError:  # none was fetched, or nobody here may look at them
        return []
    return [one for one in folders if _FOLDER.fullmatch(one.name) and _is_bundle(one)]


def _is_bundle(folder: Path) -> bool:
    try:
        return bool(read_manifest(folder))
    except BundleError:
        return False
