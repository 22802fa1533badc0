from pathlib import Path

import pytest

from recommenders import bundle as bundles
from tests.recommenders.small_bundle import small


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    bundles.save(small(), tmp_path / "bundle")
    return tmp_path / "bundle"
