"""Which hashtags stay: none too rare to learn, nor those on so many posts that they say little."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.datasets.format import Post


@dataclass(frozen=True)
class Chosen:
    """Posts with the hashtags that stay.

    Attributes:
        posts: those that have a hashtag left.
        rare: how often each hashtag occurred that was dropped as too rare.
        common: the same for hashtags on too large a share of the posts.
        emptied: posts that had no hashtag left.
    """

    posts: list[Post]
    rare: Counter[str]
    common: Counter[str]
    emptied: int


def choose(posts: Sequence[Post], *, min_count: int = 1, cap: float | None = None) -> Chosen:
    """Drops hashtags on fewer than ``min_count`` posts or on more than a share ``cap`` of them.

    The pictures of an album are one post.
    """
    if min_count <= 1 and cap is None:
        return Chosen(list(posts), Counter(), Counter(), 0)
    counts: Counter[str] = Counter()
    albums: dict[str, set[str]] = {}
    total = 0
    for post in posts:
        if post.album is None:
            total += 1
            counts.update(post.hashtags)
        else:
            albums.setdefault(post.album, set()).update(post.hashtags)
    for together in albums.values():
        counts.update(together)
    total += len(albums)
    most = total if cap is None else cap * total
    rare = Counter({tag: count for tag, count in counts.items() if count < min_count})
    common = Counter({tag: count for tag, count in counts.items() if count > most})
    kept = []
    for post in posts:
        hashtags = tuple(t for t in post.hashtags if t not in rare and t not in common)
        if hashtags:
            kept.append(post if hashtags == post.hashtags else replace(post, hashtags=hashtags))
    return Chosen(kept, rare, common, len(posts) - len(kept))
