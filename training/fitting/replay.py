"""A sample of the fit's photos that a bundle carries, so that learning more forgets nothing.

Rehearsal of earlier examples (Robins 1995) is the simplest answer to catastrophic forgetting. Only
features in 8 bits and indices of hashtags are carried: no photo can be restored from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.arrays import Floats, quantised
from recommenders.backbones.registry import dims
from recommenders.bundle import Bundle, BundleError, Part
from recommenders.bundle_reading import reads_settings
from training.datasets.albums import held_apart
from training.features.examples import Features

PART = "replay"

MOST = 2_000
"""Photos that a bundle carries; of EfficientNet-Lite0 they take 2.6 MB."""

HELD_OUT_SHARE, MOST_HELD_OUT = 0.05, 300
"""The share of a fit's photos, and the most of them, that the head is never fitted on: forgetting
shows on these, while memorised photos would hide it."""


@dataclass(frozen=True)
class Replay:
    """Photos of the fit.

    Attributes:
        features: (n, dims) float32.
        counts: (n, V) weights of their hashtags.
        held_out: the first so many are held out.
    """

    features: Floats
    counts: csr_matrix
    held_out: int


def head_rows(
    photos: int, seed: int = 0, albums: Sequence[str | None] | None = None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows for the head to be fitted on, in order, and rows held out for the replay.

    Args:
        photos: how many there are.
        albums: (photos,) the album of each, whose pictures stay together; None where it has none.
    """
    order = np.random.default_rng([seed, 1]).permutation(photos)
    count = min(max(round(photos * HELD_OUT_SHARE), 1), MOST_HELD_OUT)
    return held_apart(order, albums or [None] * photos, count)


def replay_part(
    backbone: str,
    features: Features,
    counts: csr_matrix,
    *,
    most: int = MOST,
    seed: int = 0,
    albums: Sequence[str | None] | None = None,
) -> Part:
    """The part ``replay`` of a bundle.

    Args:
        backbone: of the features, the Word2Vec backend's.
        features: (n, dims) of all photos of the fit.
        counts: (n, V).
        most: photos that are carried, those held out by ``head_rows`` first.
        seed, albums: those of ``head_rows``.
    """
    fit_on, unseen = head_rows(counts.shape[0], seed, albums)
    drawn = np.random.default_rng([seed, 2]).permutation(fit_on)
    rows = np.concatenate([unseen, drawn])[:most]
    hashtags = csr_matrix(counts[rows])
    numbers, scales = quantised(np.asarray(features[rows], np.float32))
    return Part(
        {"backbone": backbone, "held": min(len(unseen), most)},
        {
            "features": numbers,
            "scale": scales,
            "starts": hashtags.indptr.astype(np.int32),
            "columns": hashtags.indices.astype(np.int32),
            "weights": hashtags.data.astype(np.float16),
        },
    )


@reads_settings
def replay_of(bundle: Bundle) -> Replay:
    """The photos that a bundle carries.

    Raises:
        BundleError: where it carries none, or is damaged.
    """
    if PART not in bundle.arrays:
        raise BundleError(
            f"Bundle {bundle.model} carries no photos to rehearse, as an earlier version made it. "
            "Without them it would forget what it knows. Fit it again: `tag4pic train fit`."
        )
    settings = bundle.settings[PART]
    numbers = bundle.array(PART, "features", None, dims(str(settings["backbone"])))
    scale = bundle.array(PART, "scale", len(numbers))
    starts = bundle.array(PART, "starts", len(numbers) + 1)
    columns = bundle.array(PART, "columns", int(starts[-1]))
    weights = bundle.floats(PART, "weights", len(columns))
    shape = (len(numbers), len(bundle.hashtags))
    return Replay(
        numbers.astype(np.float32) * scale[:, None],
        csr_matrix((weights, columns, starts), shape),
        int(settings["held"]),
    )
