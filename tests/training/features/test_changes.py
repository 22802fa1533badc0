"""Mirrored and jittered copies of photos."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recommenders.backbones.backbone import Backbone
from recommenders.backbones.recipe import View
from tests.shapes import circles, draw
from training.features.changes import AS_IT_IS, MIRRORED, Change
from training.features.compute import embed

VIEW = View(48, (0.0,) * 3, (1.0,) * 3)
PHOTO = draw("red", "circle", 1)


def jittered(number: int, strength: float = 0.3, digest: bytes = b"photo") -> NDArray[np.int_]:
    return Change(jitter=number, strength=strength).pixels(PHOTO, VIEW, digest).astype(np.int_)


def test_a_copy_is_the_same_each_time_and_each_copy_and_photo_has_its_own_colours() -> None:
    assert np.array_equal(jittered(1), jittered(1))
    assert not np.array_equal(jittered(1), jittered(2))
    assert not np.array_equal(jittered(1), jittered(1, digest=b"other"))


def test_a_stronger_jitter_goes_further_and_shapes_stay_in_their_place() -> None:
    plain = AS_IT_IS.pixels(PHOTO, VIEW, b"photo").astype(int)
    faint, strong = (
        np.mean([np.abs(jittered(number, strength) - plain).mean() for number in range(1, 9)])
        for strength in (0.02, 0.6)
    )
    assert faint < 6 < strong
    red, ground = plain[24, 24], plain[0, 0]
    assert np.abs(jittered(1, 0.1)[24, 24] - red).max() < np.abs(red - ground).max() / 2


def test_a_grey_picture_can_be_jittered() -> None:
    grey = Image.new("RGB", (30, 40), (128, 128, 128))
    assert Change(jitter=3, strength=1.0).pixels(grey, VIEW, b"").shape == (48, 48, 3)


def test_features_of_copies_and_of_strengths_are_cached_apart(
    tmp_path: Path, backbone: Backbone
) -> None:
    paths = circles(tmp_path / "photos", 3)
    jittered = [Change(jitter=1, strength=0.2), Change(jitter=2, strength=0.2)]
    changes = [AS_IT_IS, MIRRORED, *jittered, Change(jitter=1, strength=0.25)]
    cache = tmp_path / "features"
    computed = [embed(paths, backbone, cache, change=change)[0] for change in changes]
    assert len(list(cache.glob("*.sqlite"))) == len(changes)
    assert len({features.tobytes() for features in computed}) == len(changes)
    for change, features in zip(changes, computed, strict=True):
        assert np.array_equal(embed(paths, backbone, cache, change=change)[0], features)
