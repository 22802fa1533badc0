"""The bundle's part ``knowledge``: what ``recommenders.knowledge`` looks up."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from recommenders.arrays import Floats, unit
from recommenders.bundle import Part
from recommenders.bundle_parts import whole_numbers
from recommenders.hashtag_tables import HashtagTables, knowledge_part
from training.datasets.format import Post
from training.fitting.categories import Pairs, categories
from training.fitting.plan import VectorsPlan
from training.fitting.ratings import earnings, median_likes, uses_of
from training.fitting.sizes import known_posts, sizes


def knowledge(
    posts: Sequence[Post],
    hashtags: Sequence[str],
    vectors: Mapping[str, Floats],
    *,
    k: int | None = None,
    fewest_uses: int = VectorsPlan.fewest_uses,
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
        fewest_uses: posts that must carry a hashtag for it to be called similar to another.
        post_counts: a platform's posts by hashtag, where known.
        forbidden_pairs: as for ``training.fitting.categories.categories``.

    Raises:
        DatasetError: where no post has a hashtag of the vocabulary.
    """
    groups = categories(posts, hashtags, k=k, seed=seed, forbidden_pairs=forbidden_pairs)
    in_group = np.bincount(groups.posts[groups.posts >= 0], minlength=len(groups.names))
    used = Counter(tag for post in posts for tag in post.hashtags)
    uses = np.array([used[tag] for tag in hashtags], np.int64)
    posts_of = known_posts(hashtags, post_counts or {})
    likes = uses_of(posts, hashtags)
    return knowledge_part(
        HashtagTables(
            categories=tuple(zip(groups.names, map(int, in_group), strict=True)),
            silhouette=groups.silhouette,
            # Only a platform's own counts tell which hashtags drown a post.
            preferred_mix=None if posts_of is None else "middle",
            category_of=groups.of_hashtag,
            category_weight=groups.weight,
            size=sizes(uses, posts_of),
            median_likes=median_likes(likes).astype(np.float32),
            vectors={model: whole_numbers(unit(rows)) for model, rows in vectors.items()},
            fewest_uses=fewest_uses,
            uses=uses.astype(np.int32),
            posts=posts_of,
            likes=likes if len(likes.likes) else None,
        )
    )


def rating(posts: Sequence[Post], hashtags: Sequence[str]) -> Floats:
    """The array ``rating`` of the part ``ranking``, (V,) float32: what hashtags' uses earn."""
    return earnings(uses_of(posts, hashtags))
