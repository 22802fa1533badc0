"""Baselines that a bundle is compared with, fitted in the same run on the same features.

``popularity`` gives every photo the most used hashtags. ``als_seed`` and ``w2v_seed`` are the
recipes that this project began with: a plain mean of ten neighbours' 64 ALS factors; and a head
that regresses the mean hashtag vector under a cosine loss, hashtags ranked by cosine.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import nn
from torch.nn import functional

from recommenders.arrays import Floats, unit
from recommenders.nearest import nearest
from training.fitting.als import factorise, photo_space
from training.fitting.plan import AlsPlan

BASELINES = ("popularity", "als_seed", "w2v_seed")

SEED_NEIGHBOURS = 10
SEED_ALS = AlsPlan(variance=0.85, damping=0.0, factors=64, alpha=40.0, regularization=0.01)
_EPOCHS = 30
_HIDDEN = 512


def popularity(counts: csr_matrix, photos: int) -> Floats:
    """(photos, V): how often each hashtag is used, the same for every photo."""
    used = np.asarray(counts.sum(axis=0), np.float32).ravel()
    return np.broadcast_to(used, (photos, len(used)))


def als_seed(
    features: NDArray[np.floating], counts: csr_matrix, queries: NDArray[np.floating]
) -> Floats:
    """Scores (n, V) of query photos by ALS as it was first published for this task."""
    space = photo_space(features, SEED_ALS)
    photo_factors, hashtag_factors = factorise(counts, SEED_ALS)
    rows, _ = nearest(space.project(queries), space.project(features), SEED_NEIGHBOURS)
    return np.asarray(photo_factors[rows].mean(axis=1) @ hashtag_factors.T)


def w2v_seed(
    features: NDArray[np.floating],
    counts: csr_matrix,
    vectors: Floats,
    queries: NDArray[np.floating],
) -> Floats:
    """Scores (n, V) of query photos by Word2Vec as it was first published for this task."""
    torch.manual_seed(0)
    directions = unit(vectors)
    targets = torch.from_numpy(unit(np.asarray(counts @ directions, np.float32)))
    inputs = torch.from_numpy(np.asarray(features, np.float32))
    head = nn.Sequential(
        nn.Linear(inputs.shape[1], _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, vectors.shape[1])
    )
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(0)
    for _ in range(_EPOCHS):
        order = torch.randperm(len(inputs), generator=generator)
        for rows in order.split(128):  # type: ignore[no-untyped-call]
            loss = 1 - functional.cosine_similarity(head(inputs[rows]), targets[rows]).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
    with torch.inference_mode():
        projected = head(torch.from_numpy(np.asarray(queries, np.float32))).numpy()
    return np.asarray(unit(projected) @ directions.T)
