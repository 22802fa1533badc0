"""Which hashtags of a vocabulary a block list blocks, the Russian ones that mean one among them."""

from collections.abc import Iterable
from functools import lru_cache

from recommenders.hashtags import key
from recommenders.languages import meanings
from storage.blocklist import Blocklist


def blocked_of(hashtags: Iterable[str], blocklist: Blocklist) -> frozenset[str]:
    """Those hashtags that a list blocks, and the Russian ones that are blocked or mean one."""
    blocked = frozenset(tag for tag in hashtags if blocklist.blocks(key(tag)))
    return blocked | _blocked_russian(blocklist)


@lru_cache(maxsize=4)
def _blocked_russian(blocklist: Blocklist) -> frozenset[str]:
    def blocks(hashtag: str) -> bool:
        return blocklist.blocks(key(hashtag))

    return frozenset(
        form for form, english in meanings().items() if blocks(form) or blocks(english[0])
    )
