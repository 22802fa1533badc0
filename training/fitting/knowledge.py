"""The bundle's part ``knowledge``: what ``recommenders.knowledge`` looks up."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from recommenders.arrays import Floats
from recommenders.bundle import Part
from recommenders.bundle_parts import HashtagTables, knowledge_part
from training.datasets.format import Post
from training.fitting.categories import Pairs, categories
from training.fitting.ratings import earnings, median_likes, uses_of
from training.fitting.sizes import sizes
from training.fitting.vectors import similar_table


def knowledge(
    posts: Sequence[Post],
    hashtags: Sequence[str],
    vectors: Mapping[str, Floats],
    *,
    k: int | None = None,
    post_counts: Mapping[str, int] | None = None,
    seed: int = 0,
    forbidden_pairs: Pairs = (),
) -> Part:
    """The part ``knowledge``.

    Args:
        hashtags: the bundle's vocabulary, V hashtags.
        vectors: by model (``skipgram``, ``cbow``; the first is the one that answers unless another
            is asked for) the (V, dims) vectors of that vocabulary, zeros where a hashtag has none:
            see ``training.fitting.vectors.aligned``.
        k: how many categories; by silhouette where None.
        post_counts: a platform's posts by hashtag, where known.
        forbidden_pairs: as for ``training.fitting.categories.categories``.

    Raises:
        DatasetError: where no post has a hashtag of the vocabulary.
    """
    groups = categories(posts, hashtags, k=k, seed=seed, forbidden_pairs=forbidden_pairs)
    in_group = np.bincount(groups.posts[groups.posts >= 0], minlength=len(groups.names))
    used = Counter(tag for post in posts for tag in post.hashtags)
    uses = np.array([used[tag] for tag in hashtags], np.int64)
    return knowledge_part(
        HashtagTables(
            categories=tuple(zip(groups.names, map(int, in_group), strict=True)),
            silhouette=groups.silhouette,
            # Only a platform's own counts tell which hashtags drown a post.
            preferred_mix="middle" if post_counts else None,
            category_of=groups.of_hashtag,
            category_weight=groups.weight,
            size=sizes(hashtags, uses, post_counts),
            median_likes=median_likes(uses_of(posts, hashtags)).astype(np.float32),
            similar={model: similar_table(rows) for model, rows in vectors.items()},
        )
    )


def rating(posts: Sequence[Post], hashtags: Sequence[str]) -> Floats:
    """The array ``rating`` of the part ``ranking``, (V,) float32: what hashtags' uses earn."""
    return earnings(uses_of(posts, hashtags))
