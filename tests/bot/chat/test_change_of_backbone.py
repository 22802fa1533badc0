"""What chats taught under a bundle of one backbone, under another bundle of another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.settings import Settings
from recommenders import bundle as bundles
from recommenders.backbones.backbone import load_backbone
from recommenders.feature_map import feature_map_part
from recommenders.nearest import PhotoSpace
from tests.bot.chat.test_learner import answer, jpeg, near_copy, photo, running, teach
from tests.bundles import BACKBONE, tiny_bundle
from training.fitting.feature_map import fit_feature_map

OTHER = "efficientnet_lite2"
PHOTOS = range(1000, 1040)
"""Seeds of photos that both backbones have seen."""


@pytest.fixture
def former(tmp_path: Path) -> Path:
    return tiny_bundle(tmp_path / "former")


@pytest.fixture
def successor(tmp_path: Path) -> Path:
    """A bundle of the other backbone, with a map from the former's features."""
    photos = [photo(seed) for seed in PHOTOS]
    network = load_backbone(OTHER)
    before, after = load_backbone(BACKBONE).features(photos), network.features(photos)
    mean = after.mean(axis=0)
    _, _, directions = np.linalg.svd(after - mean, full_matrices=False)
    space = PhotoSpace(mean, directions[:16])
    bundle = bundles.load(tiny_bundle(tmp_path / "tiny"))
    bundle = replace(bundle, model="successor-1", backbones={OTHER: network.sha256})
    bundle.settings["als"]["backbone"] = OTHER
    bundle.arrays["als"] |= {"mean": space.mean, "components": space.components}
    mapped = fit_feature_map(BACKBONE, OTHER, before, after, space)
    bundles.save(
        bundle.with_parts({"feature_map": feature_map_part(mapped)}), tmp_path / "successor"
    )
    return tmp_path / "successor"


async def test_a_photo_taught_under_the_former_backbone_is_known_under_its_successor(
    settings: Settings, former: Path, successor: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(settings.model_copy(update={"model_dir": former})) as person:
        await teach(await person(), 1000, "#ourcat #кошка")
    async with running(settings.model_copy(update={"model_dir": successor})) as person:
        ann = await person()
        # The first is known by the map, the second by the features that the first has left.
        for copy in (jpeg(1000), near_copy(1000)):
            assert {"#ourcat", "#кошка"} <= set(await answer(ann, copy))
        assert {"#ourcat", "#кошка"}.isdisjoint((await answer(ann, near_copy(1001)))[:5])
    assert "another backbone" not in caplog.text
