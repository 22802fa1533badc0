"""The bundle's part ``knowledge``: what ``recommenders.knowledge`` looks up."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from recommenders.arrays import Floats, unit, whole_numbers
from recommenders.bundle import Part
from recommenders.hashtag_tables import HashtagTables, knowledge_part
from recommenders.ratings import Uses
from training.datasets.format import Post
from training.fitting.categories import Categories
from training.fitting.plan import VectorsPlan
from training.fitting.ratings import median_likes, uses_of
from training.fitting.sizes import known_posts, sizes


def knowledge(
    posts: Sequence[Post],
    hashtags: Sequence[str],
    vectors: Mapping[str, Floats],
    categories: Categories,
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
        categories: those of that vocabulary's hashtags.
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
            categories=categories.categories,
            silhouette=categories.silhouette,
            # Only a platform's own counts tell which hashtags drown a post.
            preferred_mix=None if posts_of is None else "middle",
            category_of=categories.of_hashtag,
            category_weight=categories.weight,
            size=sizes(uses, posts_of),
            median_likes=median_likes(likes),
            vectors={model: whole_numbers(unit(rows)) for model, rows in vectors.items()},
            fewest_uses=fewest_uses,
            uses=uses.astype(np.int32),
            posts=posts_of,
            likes=likes if len(likes.likes) else None,
        )
    )
