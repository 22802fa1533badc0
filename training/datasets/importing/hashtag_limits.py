"""Drops hashtags that are too rare to learn, or on so many posts that they say little."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from training.datasets.albums import whole_posts
from training.datasets.format import Post


def rare_and_common(
    posts: Sequence[Post], min_count: int, cap: float | None
) -> tuple[Counter[str], Counter[str]]:
    """Hashtags on fewer than ``min_count`` posts, and those on more than a share ``cap`` of them.

    The pictures of an album are one post.
    """
    whole = whole_posts(posts)
    counts = Counter(tag for post in whole for tag in post.hashtags)
    most = len(whole) * (1 if cap is None else cap)
    rare = Counter({tag: count for tag, count in counts.items() if count < min_count})
    common = Counter({tag: count for tag, count in counts.items() if count > most})
    return rare, common


def drop_hashtags(posts: Sequence[Post], hashtags: Counter[str]) -> list[Post]:
    """The posts without these hashtags; those that have none left are left out."""
    remaining = (
        replace(post, hashtags=tuple(tag for tag in post.hashtags if tag not in hashtags))
        for post in posts
    )
    return [post for post in remaining if post.hashtags]
