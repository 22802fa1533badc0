"""Which hashtags of a vocabulary are blocked, including Russian translations of blocked ones."""

from collections.abc import Iterable
from functools import lru_cache

from recommenders.hashtags import key
from recommenders.languages import meanings
from storage.blocklist import Blocklist


def blocked_of(hashtags: Iterable[str], blocklist: Blocklist) -> frozenset[str]:
    """The blocked ones of ``hashtags``, and all Russian hashtags that are or mean a blocked one."""
    blocked = frozenset(tag for tag in hashtags if blocklist.blocks(key(tag)))
    return blocked | _blocked_russian(blocklist)


@lru_cache(maxsize=4)
def _blocked_russian(blocklist: Blocklist) -> frozenset[str]:
    def blocks(hashtag: str) -> bool:
        return blocklist.blocks(key(hashtag))

    return frozenset(
        form for form, english in meanings().items() if blocks(form) or blocks(english[0])
    )
