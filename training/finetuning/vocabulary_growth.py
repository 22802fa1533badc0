"""A bundle whose vocabulary has grown: every array that has a hashtag axis grows with it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recommenders.als_fit import FittedAls, read_als, solve, with_hashtag_factors
from recommenders.arrays import Floats, unit, whole_numbers
from recommenders.bundle import Bundle
from recommenders.hashtag_tables import HashtagTables, knowledge_part, read_knowledge
from recommenders.nearest import nearest
from recommenders.ranking import ranking_part, read_ranking
from recommenders.w2v import class_head_part, directions, read_class_head
from training.features.compute import batches
from training.finetuning.promotion import ROWS
from training.fitting.head import FittedHead

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
    """A bundle's head with its vocabulary extended to all columns of ``counts``.

    Args:
        features: (n, dims) of photos that carry the new hashtags.
        counts: (n, V) of these photos.
    """
    known = len(head.vectors)
    carried = counts[:, :known]
    # Rare known hashtags say more about a new one than common ones.
    company = np.asarray(carried @ (head.vectors * np.exp(-0.5 * head.prior)[:, None]), np.float32)
    alone = np.diff(carried.indptr) == 0
    if alone.any():
        company[alone] = head.head.project(features[alone])
    new = counts[:, known:]
    groups = head.head.groups
    company = directions(company, groups)
    vectors = directions(np.asarray(new.T @ company, np.float32), groups)
    uses = np.asarray((new > 0).sum(axis=0), np.float32).ravel()
    # As a fit starts its prior: the log of the hashtag's share of the photos.
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
    ranking = read_ranking(bundle, "w2v").with_taught(uses, _photos_of(bundle))
    parts = {"ranking": ranking_part(ranking.popularity, ranking.rating)}
    if "als" in bundle.arrays:
        factors = _factors(read_als(bundle), counts, features, backbone)
        parts["als"] = with_hashtag_factors(bundle, factors)
    class_head = read_class_head(bundle)
    if class_head is not None:
        prior = np.append(class_head.prior, np.log(ranking.popularity[known:]))
        parts["w2v_classes"] = class_head_part(replace(class_head, prior=prior))
    tables = read_knowledge(bundle)
    if tables is not None:
        parts["knowledge"] = knowledge_part(_grown_tables(tables, unit(vectors), uses))
    return replace(bundle.with_parts(parts), hashtags=list(hashtags))


def _photos_of(bundle: Bundle) -> int:
    """How many photos a bundle was fitted on."""
    photos = bundle.provenance.get("photos")
    if isinstance(photos, int) and photos > 0:
        return photos
    return read_als(bundle).photo_count if "als" in bundle.arrays else 1_000


def _factors(fitted: FittedAls, counts: csr_matrix, features: Floats, backbone: str) -> Floats:
    """ALS factors of all hashtags: those that the fit did not know, solved from their photos."""
    known = fitted.hashtag_factors[: fitted.fitted_hashtags]
    alpha, regularization = fitted.settings.alpha, fitted.settings.regularization
    gram = known.T @ known
    taught_factors = np.zeros((counts.shape[0], known.shape[1]), np.float32)
    without = []
    for row in range(len(taught_factors)):
        columns = counts.indices[counts.indptr[row] : counts.indptr[row + 1]]
        columns = columns[columns < len(known)].astype(np.intp)
        if len(columns):
            taught_factors[row] = solve(known, gram, columns, alpha, regularization)
        else:
            without.append(row)
    if without and backbone == fitted.backbone:
        # Photos without a known hashtag take the factors of their neighbours.
        for rows in batches(len(without), ROWS):
            some = without[rows]
            near, _ = nearest(fitted.space.project(features[some]), fitted.photos, 10)
            taught_factors[some] = fitted.photo_factors[near].mean(axis=1)
    gram = fitted.photo_gram + taught_factors.T @ taught_factors
    factors = np.zeros((counts.shape[1], known.shape[1]), np.float32)
    factors[: len(fitted.hashtag_factors)] = fitted.hashtag_factors
    by_hashtag = counts.tocsc()
    for column in range(len(known), counts.shape[1]):
        rows = by_hashtag.indices[by_hashtag.indptr[column] : by_hashtag.indptr[column + 1]]
        if len(rows):
            factors[column] = solve(
                taught_factors, gram, rows.astype(np.intp), alpha, regularization
            )
    return factors


def _grown_tables(tables: HashtagTables, vectors: Floats, uses: Floats) -> HashtagTables:
    """New hashtags are niche, without likes, and in the category of those similar to them.

    Args:
        vectors: (V + new, d) unit vectors.
        uses: (new,) photos that carry each new hashtag.
    """
    new = len(uses)
    known = len(vectors) - new
    first = (columns.shape[1] for columns, _ in tables.similar.values())
    near, near_cosines = nearest(vectors[known:], vectors[:known], max(next(first, 0), _COMPANY))
    homes = tables.category_of[near[:, :_COMPANY]]
    home = [np.bincount(row[row >= 0] + 1, minlength=1).argmax() - 1 for row in homes]
    similar = {}
    for number, (model, (columns, values)) in enumerate(tables.similar.items()):
        width = columns.shape[1]
        new_columns = np.full((new, width), -1, np.int32)
        new_values = np.zeros((new, width), np.float16)
        if number == 0:  # the model of ``vectors``
            count = min(width, known)
            new_columns[:, :count] = near[:, :count]
            new_values[:, :count] = near_cosines[:, :count]
        similar[model] = (
            np.concatenate([columns, new_columns]),
            np.concatenate([values, new_values]),
        )
    return replace(
        tables,
        category_of=np.append(tables.category_of, home),
        category_weight=np.append(tables.category_weight, np.zeros(new)),
        size=np.append(tables.size, np.zeros(new)),
        median_likes=np.append(tables.median_likes, np.full(new, np.nan)),
        vectors={
            model: np.concatenate([rows, _among(rows, near[:, :_COMPANY])])
            for model, rows in tables.vectors.items()
        },
        uses=None if tables.uses is None else np.append(tables.uses, uses),
        posts=None if tables.posts is None else np.append(tables.posts, np.full(new, -1)),
        similar=similar,
    )


def _among(rows: NDArray[np.int8], near: NDArray[np.intp]) -> NDArray[np.int8]:
    """Stored vectors (new, d): for each new hashtag, the mean of those near it."""
    return whole_numbers(unit(unit(rows.astype(np.float32))[near].sum(axis=1)))
