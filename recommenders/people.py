"""How many people are in a photo: nobody, one close up, one further away, several.

Predicted from a photo's features by logistic regression (``training.starter.presence``): only how
many people, never who or what they are. Some hashtags presuppose it: nobody posts #friends for an
empty beach, and #portrait needs one person close up.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats, softmax, unit
from recommenders.backbones.registry import dims
from recommenders.bundle import Bundle, Part
from recommenders.bundle_reading import number, reads_settings

PRESENCE = ("nobody", "close_up", "one", "several")
"""The classes; ``one`` is a person who is not close up."""

PRESUPPOSED: Mapping[str, tuple[str, ...]] = {
    "somebody": ("close_up", "one", "several"),
    "close_up": ("close_up",),
    "several": ("several",),
}
"""What a hashtag may presuppose, and which of ``PRESENCE`` fulfil it."""


@dataclass(frozen=True)
class People:
    """Predicts how many people are in photos, and which hashtags that rules out.

    Attributes:
        backbone: the backbone whose features it takes.
        weight, bias: (4, dims) and (4,) float32, logits of ``PRESENCE`` from unit features.
        presuppose: hashtag to a key of ``PRESUPPOSED``.
        least: by key of ``PRESUPPOSED``, the least probability for such a hashtag to be shown.
    """

    backbone: str
    weight: Floats
    bias: Floats
    presuppose: Mapping[str, str]
    least: Mapping[str, float]

    def presence(self, features: NDArray[np.floating]) -> Floats:
        """Features (n, dims) to probabilities (n, 4) float32 of ``PRESENCE``."""
        return softmax(unit(features.astype(np.float32)) @ self.weight.T + self.bias)

    def silence(
        self,
        scores: Floats,
        features: NDArray[np.floating],
        columns: Mapping[str, int],
        named: NDArray[np.bool_] | None,
    ) -> None:
        """Sets scores to 0, in place, where a photo lacks what the hashtag presupposes.

        Args:
            scores: (n, V or more).
            features: (n, dims).
            columns: the bundle's hashtags to columns.
            named: (n, V or more), which hashtags captions name: these keep their scores.
        """
        presence = self.presence(features)
        lacking = {
            key: presence[:, [PRESENCE.index(one) for one in PRESUPPOSED[key]]].sum(axis=1) < least
            for key, least in self.least.items()
        }
        for tag, key in self.presuppose.items():
            if tag in columns:
                column = columns[tag]
                rows = lacking[key] if named is None else lacking[key] & ~named[:, column]
                scores[rows, column] = 0


def people_part(people: People) -> Part:
    """The part ``people``."""
    hashtags: dict[str, list[str]] = {key: [] for key in people.least}
    for tag, key in people.presuppose.items():
        hashtags[key].append(tag)
    return Part(
        {"backbone": people.backbone, "least": dict(people.least), "hashtags": hashtags},
        {"weight": people.weight.astype(np.float16), "bias": people.bias.astype(np.float32)},
    )


@reads_settings
def read_people(bundle: Bundle) -> People | None:
    """What ``people_part`` wrote; None in a bundle without it.

    Raises:
        BundleError: where it is damaged.
    """
    if "people" not in bundle.arrays:
        return None
    settings = bundle.settings["people"]
    backbone, hashtags = str(settings["backbone"]), settings["hashtags"]
    if unknown := hashtags.keys() - PRESUPPOSED.keys():
        raise ValueError(f"hashtags presuppose {sorted(unknown)}")
    return People(
        backbone,
        bundle.floats("people", "weight", len(PRESENCE), dims(backbone)),
        bundle.floats("people", "bias", len(PRESENCE)),
        {tag: key for key, tags in hashtags.items() for tag in tags},
        {key: number(settings["least"], key) for key in hashtags},
    )
