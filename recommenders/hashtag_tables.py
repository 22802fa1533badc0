"""Writes and reads the part ``knowledge`` of a bundle: facts about its hashtags.

Hashtag vectors are stored as int8, like photos': both models' together take hardly more space than
each hashtag's twenty nearest would, and cosines are accurate to 0.004.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommenders.answers import SIZES
from recommenders.arrays import Array, Doubles, Floats
from recommenders.bundle import Bundle, Part
from recommenders.bundle_reading import reads_settings, whole, within
from recommenders.category import Category, category_settings, read_categories
from recommenders.ratings import Uses

Table = tuple[NDArray[np.int32], NDArray[np.float16]]


@dataclass(frozen=True)
class HashtagTables:
    """Facts about the V hashtags of a bundle: the part ``knowledge``.

    Attributes:
        categories: the one with most posts first, or in a table's order.
        silhouette: the categories' silhouette score, -1 to 1; None where unknown.
        preferred_mix: a key of ``recommenders.answers.MIXES``; None for the ranking's own order.
        category_of: (V,) int32, -1 for none.
        category_weight: (V,) float32, how typical each hashtag is of its category.
        size: (V,) int8, indices of ``recommenders.answers.SIZES``.
        median_likes: (V,) float64, NaN where unknown.
        vectors: by model (V, d) int8, see ``recommenders.arrays.whole_numbers``; zeros for a
            hashtag without a vector.
        fewest_uses: posts that must carry a hashtag for it to be listed as similar to another.
        uses: (V,) int32, training posts that carry each; None in bundles of earlier versions.
        posts: (V,) int64, a platform's count of posts, -1 where unknown; None without such counts:
            sizes are then counted in the training posts.
        likes: the uses of hashtags in posts with known likes; None where there are none.
        similar: in bundles of earlier versions, which have no vectors: by model, columns (V, n)
            int32 of the nearest hashtags, -1 for none, and their cosines (V, n) float16.
    """

    categories: tuple[Category, ...]
    silhouette: float | None
    preferred_mix: str | None
    category_of: NDArray[np.int32]
    category_weight: Floats
    size: NDArray[np.int8]
    median_likes: Doubles
    vectors: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)
    fewest_uses: int = 1
    uses: NDArray[np.int32] | None = None
    posts: NDArray[np.int64] | None = None
    likes: Uses | None = None
    similar: Mapping[str, Table] = field(default_factory=dict)


def knowledge_part(tables: HashtagTables) -> Part:
    """The part ``knowledge``."""
    settings: dict[str, Any] = {
        "models": list(tables.vectors or tables.similar),
        "categories": category_settings(tables.categories),
        "silhouette": tables.silhouette,
        "preferred_mix": tables.preferred_mix,
        "fewest_uses": tables.fewest_uses,
    }
    arrays: dict[str, Array] = {
        "category_of": tables.category_of.astype(np.int32),
        "category_weight": tables.category_weight.astype(np.float32),
        "size": tables.size.astype(np.int8),
        "median_likes": tables.median_likes.astype(np.float64),
    }
    if tables.uses is not None:
        arrays["uses"] = tables.uses.astype(np.int32)
    if tables.posts is not None:
        arrays["posts"] = tables.posts.astype(np.int64)
    if tables.likes is not None:
        arrays["likes_hashtag"] = tables.likes.hashtag.astype(np.int32)
        arrays["likes"] = tables.likes.likes.astype(np.float64)
        arrays["likes_post_hashtags"] = tables.likes.post_hashtags.astype(np.int32)
    for model, rows in tables.vectors.items():
        arrays[f"{model}_vectors"] = rows.astype(np.int8)
    for model, (columns, cosines) in tables.similar.items():
        arrays[f"{model}_indices"] = columns.astype(np.int32)
        arrays[f"{model}_cosines"] = cosines.astype(np.float16)
    return Part(settings, arrays)


@reads_settings
def read_knowledge(bundle: Bundle) -> HashtagTables | None:
    """What ``knowledge_part`` wrote; None in a bundle of an earlier version.

    Raises:
        BundleError: where it is damaged.
    """
    if "knowledge" not in bundle.arrays:
        return None
    settings, count = bundle.settings.get("knowledge", {}), len(bundle.hashtags)
    arrays, mix = bundle.arrays["knowledge"], settings.get("preferred_mix")
    categories = read_categories(bundle)
    vectors, similar = {}, {}
    for model in settings.get("models", ()):
        if f"{model}_vectors" in arrays:
            vectors[model] = bundle.array("knowledge", f"{model}_vectors", count, None)
        else:
            columns = bundle.array("knowledge", f"{model}_indices", count, None)
            cosines = bundle.array("knowledge", f"{model}_cosines", *columns.shape)
            similar[model] = (within(bundle, columns, -1, count), cosines)
    return HashtagTables(
        categories,
        settings.get("silhouette"),
        None if mix is None else str(mix),
        within(bundle, bundle.array("knowledge", "category_of", count), -1, len(categories)),
        bundle.array("knowledge", "category_weight", count),
        within(bundle, bundle.array("knowledge", "size", count), 0, len(SIZES)),
        bundle.array("knowledge", "median_likes", count),
        vectors,
        whole(settings, "fewest_uses", 1),
        bundle.array("knowledge", "uses", count) if "uses" in arrays else None,
        bundle.array("knowledge", "posts", count) if "posts" in arrays else None,
        _likes(bundle) if "likes" in arrays else None,
        similar,
    )


def _likes(bundle: Bundle) -> Uses:
    """The uses with likes; hashtags added by fine-tuning come last and have none."""
    count = len(bundle.hashtags)
    likes = bundle.array("knowledge", "likes", None)
    column = bundle.array("knowledge", "likes_hashtag", len(likes))
    lengths = bundle.array("knowledge", "likes_post_hashtags", len(likes))
    most = np.iinfo(np.int32).max
    return Uses(within(bundle, column, 0, count), likes, within(bundle, lengths, 1, most), count)
