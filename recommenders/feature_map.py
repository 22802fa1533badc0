"""Approximates one backbone's features from another's by a linear map of low rank.

Lessons are stored with the features of the backbone then in use. When a bundle with another
backbone takes over, its map (``training.fitting.feature_map``) converts them until the photo is
sent again.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats, quantised
from recommenders.backbones.registry import dims
from recommenders.bundle import Bundle, Part
from recommenders.bundle_reading import number, reads_settings


@dataclass(frozen=True)
class FeatureMap:
    """Maps features of one backbone to those of another.

    Attributes:
        source, target: the backbones' names.
        source_mean, target_mean: (dims,) float32 of each.
        down, up: (source dims, rank) and (rank, target dims) float32.
        itself: the cosine, in ALS's space, of a photo's mapped features with its true ones: a copy
            of a mapped photo comes no nearer, since the map is lossy.
    """

    source: str
    target: str
    source_mean: Floats
    target_mean: Floats
    down: Floats
    up: Floats
    itself: float

    def __call__(self, features: NDArray[np.floating]) -> Floats:
        """Features (..., source dims) to (..., target dims) float32."""
        centred = features.astype(np.float32) - self.source_mean
        return np.asarray(centred @ self.down @ self.up + self.target_mean, np.float32)


def feature_map_part(fitted: FeatureMap) -> Part:
    """The part ``feature_map``; matrices are stored as int8 with a scale for each rank."""
    down, down_scales = quantised(fitted.down.T)
    up, up_scales = quantised(fitted.up)
    return Part(
        {"backbone": fitted.target, "source": fitted.source, "itself": fitted.itself},
        {
            "source_mean": fitted.source_mean.astype(np.float16),
            "target_mean": fitted.target_mean.astype(np.float16),
            "down": down,
            "up": up,
            "scale": down_scales * up_scales,
        },
    )


@reads_settings
def read_feature_map(bundle: Bundle) -> FeatureMap | None:
    """What ``feature_map_part`` wrote; None where a bundle has no such part.

    Raises:
        BundleError: where it is damaged.
    """
    if "feature_map" not in bundle.arrays:
        return None
    settings = bundle.settings["feature_map"]
    source, target = str(settings["source"]), str(settings["backbone"])
    floats = partial(bundle.floats, "feature_map")
    up = floats("up", None, dims(target))
    return FeatureMap(
        source,
        target,
        floats("source_mean", dims(source)),
        floats("target_mean", dims(target)),
        floats("down", len(up), dims(source)).T * floats("scale", len(up)),
        up,
        number(settings, "itself", least=-1),
    )
