"""A bundle whose vocabulary has grown: every array that has a hashtag axis grows with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als import AlsSettings, solve
from recommenders.bundle import Array, Bundle
from recommenders.nearest import PhotoSpace, nearest, unit
from recommenders.w2v import directions
from training.fitting.head import FittedHead

Floats = NDArray[np.float32]

_COMPANY = 5
"""Similar hashtags that decide the category of a new one."""


def new_hashtags(vocabulary: Sequence[str], hashtags: Sequence[Mapping[str, float]]) -> list[str]:
    """Hashtags of photos that a vocabulary lacks, the most used first."""
    known = set(vocabulary)
    uses = Counter(tag for tags in hashtags for tag in tags if tag not in known)
    return sorted(uses, key=lambda tag: (-uses[tag], tag))


def grown_head(
    head: FittedHead, features: Floats, counts: csr_matrix, bundle: Bundle
) -> FittedHead:
    """A bundle's head whose vocabulary goes on to all columns of ``counts``.

    Args:
        features: (n, dims) of photos that carry the new hashtags.
        counts: (n, V) of these photos.
    """
    known = len(head.vectors)
    carried = counts[:, :known]
    # Rare hashtags say more about their company than common ones.
    company = np.asarray(carried @ (head.vectors * np.exp(-0.5 * head.prior)[:, None]), np.float32)
    alone = np.diff(carried.indptr) == 0
    if alone.any():
        company[alone] = head.head.project(features[alone])
    late = counts[:, known:]
    groups = head.head.groups
    company = directions(company, groups)
    vectors = directions(np.asarray(late.T @ company, np.float32), groups)
    uses = np.asarray((late > 0).sum(axis=0), np.float32).ravel()
    # The prior as the fit would have begun it, moved as the fit moved those it knew.
    prior = np.log((uses + 0.5) / (_photos_of(bundle) + 1)).astype(np.float32)
    return replace(
        head,
        vectors=np.concatenate([head.vectors, vectors]),
        prior=np.concatenate([head.prior, prior]),
    )


def grown_bundle(
    bundle: Bundle,
    hashtags: Sequence[str],
    vectors: Floats,
    counts: csr_matrix,
    features: Floats,
    backbone: str,
) -> Bundle:
    """A copy of a bundle with more hashtags; the Word2Vec part is left as it is.

    Args:
        hashtags: the bundle's, and new ones after them.
        vectors: (V, d) of all of them, by which hashtags are similar.
        counts: (n, V) of photos that carry them.
        features: (n, dims) of these photos.
        backbone: of the features.
    """
    known = len(bundle.hashtags)
    uses = np.asarray((counts > 0).sum(axis=0), np.float32).ravel()[known:]
    arrays = dict(bundle.arrays)
    settings = dict(bundle.settings)
    arrays["ranking"] = _ranking(bundle, uses, _photos_of(bundle))
    if "als" in arrays:
        factors = _factors(bundle, counts, features, backbone)
        arrays["als"] = arrays["als"] | {"hashtag_factors": factors}
        fitted = settings["als"].get("fitted_hashtags", known)
        settings["als"] = settings["als"] | {"fitted_hashtags": fitted}
    if "w2v_classes" in arrays:
        part = arrays["w2v_classes"]
        late = np.log(arrays["ranking"]["popularity"][known:])
        arrays["w2v_classes"] = part | {"prior": np.append(part["prior"], late).astype(np.float32)}
    if "knowledge" in arrays:
        models = bundle.settings["knowledge"].get("models", [])
        arrays["knowledge"] = _knowledge(arrays["knowledge"], list(models), unit(vectors), known)
    return replace(bundle, hashtags=list(hashtags), arrays=arrays, settings=settings)


def _photos_of(bundle: Bundle) -> int:
    """How many photos a bundle was fitted on."""
    photos = bundle.provenance.get("photos")
    if isinstance(photos, int) and photos > 0:
        return photos
    return len(bundle.arrays["als"]["photos"]) if "als" in bundle.arrays else 1_000


def _ranking(bundle: Bundle, uses: Floats, photos: int) -> dict[str, Array]:
    ranking = bundle.arrays["ranking"]
    popularity, rating = ranking["popularity"], ranking["rating"]
    late = np.clip((uses + 0.5) / (photos + 1), popularity.min(), 1)
    return ranking | {
        "popularity": np.append(popularity, late).astype(np.float32),
        # Neither better nor worse than others.
        "rating": np.append(rating, np.full(len(uses), np.median(rating))).astype(np.float32),
    }


def _factors(bundle: Bundle, counts: csr_matrix, features: Floats, backbone: str) -> Array:
    """ALS factors of all hashtags: those that the fit did not know, solved from their photos."""
    part = bundle.arrays["als"]
    settings = dict(bundle.settings["als"])
    fitted = int(settings.get("fitted_hashtags", len(bundle.hashtags)))
    known = part["hashtag_factors"][:fitted].astype(np.float32)
    photo_factors = part["photo_factors"].astype(np.float32)
    alpha = float(settings.get("alpha", AlsSettings.alpha))
    regularization = float(settings.get("regularization", AlsSettings.regularization))
    gram = known.T @ known
    taught_factors = np.zeros((counts.shape[0], known.shape[1]), np.float32)
    alone = []
    for row in range(len(taught_factors)):
        columns = counts.indices[counts.indptr[row] : counts.indptr[row + 1]]
        columns = columns[columns < fitted].astype(np.intp)
        if len(columns):
            taught_factors[row] = solve(known, gram, columns, alpha, regularization)
        else:
            alone.append(row)
    if alone and backbone == settings["backbone"]:
        # Photos whose hashtags the fit did not know have only their looks.
        space = PhotoSpace(part["mean"].astype(np.float32), part["components"].astype(np.float32))
        photos = unit(part["photos"].astype(np.float32))
        near, _ = nearest(space.project(features[alone]), photos, 10)
        taught_factors[alone] = photo_factors[near].mean(axis=1)
    gram = photo_factors.T @ photo_factors + taught_factors.T @ taught_factors
    factors = np.zeros((counts.shape[1], known.shape[1]), np.float32)
    factors[: len(bundle.hashtags)] = part["hashtag_factors"]
    by_hashtag = counts.tocsc()
    for column in range(fitted, counts.shape[1]):
        rows = by_hashtag.indices[by_hashtag.indptr[column] : by_hashtag.indptr[column + 1]]
        if len(rows):
            rows = rows.astype(np.intp)
            factors[column] = solve(taught_factors, gram, rows, alpha, regularization)
    return factors.astype(part["hashtag_factors"].dtype)


def _knowledge(
    part: dict[str, Array], models: list[str], vectors: Floats, known: int
) -> dict[str, Array]:
    """New hashtags are niche, without likes, and at home where those similar to them are."""
    late = len(vectors) - known
    cosines = vectors[known:] @ vectors[:known].T
    near = np.argsort(-cosines, axis=1, kind="stable")
    homes = part["category_of"][near[:, :_COMPANY]]
    home = [np.bincount(row[row >= 0] + 1, minlength=1).argmax() - 1 for row in homes]
    grown = {
        "category_of": np.append(part["category_of"], home),
        "category_weight": np.append(part["category_weight"], np.zeros(late)),
        "size": np.append(part["size"], np.zeros(late)),
        "median_likes": np.append(part["median_likes"], np.full(late, np.nan)),
    }
    for model in models:
        indices, values = part[f"{model}_indices"], part[f"{model}_cosines"]
        width = indices.shape[1]
        more = np.full((late, width), -1, np.int64)
        their = np.zeros((late, width), np.float32)
        if model == models[0]:
            count = min(width, known)
            more[:, :count] = near[:, :count]
            their[:, :count] = np.take_along_axis(cosines, near[:, :count], axis=1)
        grown[f"{model}_indices"] = np.concatenate([indices, more])
        grown[f"{model}_cosines"] = np.concatenate([values, their])
    return part | {name: array.astype(part[name].dtype) for name, array in grown.items()}
