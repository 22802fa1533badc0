"""The bundle's part ``knowledge``: what ``recommenders.knowledge`` looks up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recommenders.arrays import Floats, unit, whole_numbers
from recommenders.bundle import Part
from recommenders.category import Category
from recommenders.hashtag_tables import HashtagTables, knowledge_part
from recommenders.ratings import Uses
from training.datasets.format import Post
from training.fitting.categories import Cluster, categories
from training.fitting.plan import VectorsPlan
from training.fitting.ratings import median_likes, uses_of
from training.fitting.sizes import known_posts, sizes


@dataclass(frozen=True)
class Homes:
    """Categories, and which one each of V hashtags belongs to.

    Attributes:
        of_hashtag: (V,) int32, an index of ``categories``; -1 for none.
        weight: (V,) float32 from 0 to 1, how strongly it belongs there.
        silhouette: how well the categories are separated, -1 to 1; None where unknown.
    """

    categories: tuple[Category, ...]
    of_hashtag: NDArray[np.int32]
    weight: Floats
    silhouette: float | None = None


def homes_in_posts(
    posts: Sequence[Post],
    hashtags: Sequence[str],
    *,
    k: int | None = None,
    seed: int = 0,
    cluster: Cluster | None = None,
) -> Homes:
    """The categories that k-means makes of posts; see ``training.fitting.categories``.

    Args:
        k: how many; by silhouette where None.

    Raises:
        DatasetError: where no post has a hashtag of the vocabulary.
    """
    groups = categories(posts, hashtags, k=k, seed=seed, cluster=cluster)
    in_group = np.bincount(groups.posts[groups.posts >= 0], minlength=len(groups.names))
    rows = zip(groups.names, groups.leaders, map(int, in_group), strict=True)
    return Homes(
        tuple(Category(name, leaders, count) for name, leaders, count in rows),
        groups.of_hashtag,
        groups.weight,
        groups.silhouette,
    )


def knowledge(
    posts: Sequence[Post],
    hashtags: Sequence[str],
    vectors: Mapping[str, Floats],
    homes: Homes,
    *,
    fewest_uses: int = VectorsPlan.fewest_uses,
    post_counts: Mapping[str, int] | None = None,
    likes: Uses | None = None,
) -> Part:
    """The part ``knowledge``.

    Args:
        hashtags: the bundle's vocabulary, V hashtags.
        vectors: by model (``skipgram``, ``cbow``; the first is the default) the (V, dims) vectors
            of that vocabulary, zeros where a hashtag has none: see
            ``training.fitting.vectors.aligned``.
        homes: the categories, such as ``homes_in_posts``.
        fewest_uses: posts that must carry a hashtag for it to be called similar to another.
        post_counts: a platform's posts by hashtag, where known.
        likes: the uses of hashtags in these posts; ``uses_of`` them where None.
    """
    used = Counter(tag for post in posts for tag in post.hashtags)
    uses = np.array([used[tag] for tag in hashtags], np.int64)
    posts_of = known_posts(hashtags, post_counts or {})
    likes = uses_of(posts, hashtags) if likes is None else likes
    return knowledge_part(
        HashtagTables(
            categories=homes.categories,
            silhouette=homes.silhouette,
            # Only a platform's own counts tell which hashtags drown a post.
            preferred_mix=None if posts_of is None else "middle",
            category_of=homes.of_hashtag,
            category_weight=homes.weight,
            size=sizes(uses, posts_of),
            median_likes=median_likes(likes),
            vectors={model: whole_numbers(unit(rows)) for model, rows in vectors.items()},
            fewest_uses=fewest_uses,
            uses=uses.astype(np.int32),
            posts=posts_of,
            likes=likes if len(likes.likes) else None,
        )
    )
