"""An address of bundles that cannot be used is refused with the reason, without its secrets."""

import ssl
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest

from bot.bundle_shelf import CURRENT, Shelf, ShelfError
from tests.bundles import tiny_bundle


class Buckets(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """Object storage as S3's is: without folders, and ``makedirs`` makes the bucket that lacks."""

    protocol = "buckets"
    contents: ClassVar[dict[str, dict[str, bytes]]] = {}

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        self.contents.setdefault(path.partition("/")[0], {})

    def pipe_file(self, path: str, value: bytes, **_: Any) -> None:
        bucket, _, name = path.partition("/")
        if bucket not in self.contents:
            raise FileNotFoundError("The specified bucket does not exist")
        self.contents[bucket][name] = value

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        self.pipe_file(rpath, Path(lpath).read_bytes())


def test_a_mistyped_bucket_is_refused_and_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Buckets, "contents", {"models": {}})
    fsspec.register_implementation("buckets", Buckets, clobber=True)
    shelf = Shelf("buckets://models/bundles")
    shelf.publish(tiny_bundle(tmp_path / "made", model="one-1"))
    assert f"bundles/{CURRENT}" in Buckets.contents["models"]
    with pytest.raises(ShelfError, match="check the address"):
        Shelf("buckets://modles/bundles").publish(tiny_bundle(tmp_path / "made", model="one-1"))
    assert Buckets.contents.keys() == {"models"}


def test_a_full_disk_at_the_address_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(ShelfError, match=r"shelf cannot be used \(No space left on device\)"):
        Shelf(str(tmp_path / "shelf")).publish(tiny_bundle(tmp_path / "made", model="one-1"))


def test_an_address_that_leads_nowhere_is_told_without_its_password() -> None:
    for address, sentence in (
        ("nosuch://bucket/x", "fsspec does not know addresses such as"),
        ("ftp://me:s3cret@127.0.0.1:1/x", "package|cannot be used"),
        ("ftp://me:s3cret@nosuch.invalid/x", r"\(the host's name is not known\)"),
        ("/nowhere/at/all", "no bundle has been published"),
    ):
        with pytest.raises(ShelfError, match=sentence) as refused:
            Shelf(address).current()
        assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ssl.SSLCertVerificationError(1, "self-signed"), "its certificate is not accepted"),
        (ssl.SSLError(1, "wrong version number"), "TLS failed"),
    ],
)
def test_tls_that_fails_is_told_as_that(
    monkeypatch: pytest.MonkeyPatch, error: ssl.SSLError, reason: str, at_once: bool
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    fsspec.register_implementation("buckets", Buckets, clobber=True)
    monkeypatch.setattr(Buckets, "__init__" if at_once else "cat_file", fails)
    with pytest.raises(ShelfError, match=rf"bundles cannot be used \({reason}\): check"):
        Shelf("buckets://models/bundles").current()
