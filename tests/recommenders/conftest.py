from collections.abc import Iterator
from pathlib import Path

import pytest

from recommenders import bundle as bundles
from recommenders.backbones import device
from tests.recommenders.small_bundle import small


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    bundles.save(small(), tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def on_torch() -> Iterator[None]:
    """Networks run as they are read: compiling one takes a second, and says nothing of its file."""
    device.use("cpu")
    yield
    device.use("auto")
