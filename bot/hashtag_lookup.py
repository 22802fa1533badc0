"""Hashtags looked up in a bundle, without those that may not be shown."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bot.chat.blocked import blocked_of
from recommenders.bundle import Bundle
from recommenders.hashtags import HashtagError, key, normalise
from recommenders.knowledge import Knowledge
from recommenders.languages import in_language, meaning
from recommenders.ranking import Hashtag
from storage.moderation import blocklist_of


class UnknownHashtagError(LookupError):
    """What the bundle does not know; the message is a sentence that names what is near."""


@dataclass(frozen=True)
class Similar:
    """The neighbours of a hashtag, which stands here as the bundle spells it."""

    tag: str
    hashtags: list[Hashtag]


class HashtagLookup:
    """What ``tag4pic tags`` tells.

    Args:
        knowledge: the bundle's, where it has been read.
        blocked: hashtags that may not be shown; those of the block list that ships unless given.

    Raises:
        BundleError: where the bundle knows nothing about its hashtags.
    """

    def __init__(
        self,
        bundle: Bundle,
        knowledge: Knowledge | None = None,
        blocked: Collection[str] | None = None,
    ) -> None:
        self._bundle = bundle
        self._knowledge = Knowledge(bundle) if knowledge is None else knowledge
        self._blocked = (
            blocked_of(bundle.hashtags, blocklist_of({})) if blocked is None else blocked
        )

    def similar(self, tag: str, top: int, model: str | None = None) -> Similar:
        """The hashtags that stand beside the same hashtags, the nearest first.

        Args:
            tag: as it is typed; of a Russian one the neighbours are Russian too.
            model: one of the bundle's, its first unless given.

        Raises:
            UnknownHashtagError: for what is no hashtag of the bundle, or no model.
        """
        bundle, knowledge, blocked = self._bundle, self._knowledge, self._blocked
        try:
            canonical = normalise(tag)
        except HashtagError as error:
            raise UnknownHashtagError(f"{error}.") from None
        spelt = {key(other): other for other in bundle.hashtags}
        canonical = spelt.get(key(canonical), canonical)
        meant = meaning(canonical, knowledge)
        if meant not in knowledge:
            alike = get_close_matches(canonical, bundle.hashtags, n=3, cutoff=0.75)
            near = " ".join(f"#{other}" for other in alike if other not in blocked)
            hint = f" Near in spelling: {near}." if near else ""
            raise UnknownHashtagError(
                f"The bundle {bundle.model} does not know #{canonical}.{hint}"
            )
        if model is not None and model not in knowledge.models:
            raise UnknownHashtagError(
                f"The bundle {bundle.model} has no vectors of {model}: {_listed(knowledge.models)}."
            )
        language, most = ("en", top) if meant == canonical else ("ru", 2 * top)
        neighbours = knowledge.similar(meant, most + len(blocked), model=model)
        neighbours = [near for near in neighbours if near.tag not in blocked][:most]
        skip = {canonical, *blocked}
        return Similar(canonical, in_language(neighbours, language, top, skip=skip))

    def categories(self, top: int, language: str = "en") -> list[dict[str, Any]]:
        """What the bundle's hashtags are about, finer categories below the head they belong to.

        Args:
            top: how many hashtags of each, those that are most at home in it.
            language: one of ``recommenders.backends.LANGUAGES``, of the titles and the hashtags.

        Returns:
            ``category``, ``title``, ``head`` (a category, or None), ``posts`` (None where they are
            not of posts) and ``tags`` of each.
        """
        rows = []
        for group in self._knowledge.categories():
            tags = [Hashtag(tag, 1.0) for tag in group.hashtags if tag not in self._blocked]
            shown = in_language(tags, language, top, self._blocked)
            rows.append(
                {
                    "category": group.name,
                    "title": group.titles.get("ru" if language == "ru" else "en", group.name),
                    "head": group.head,
                    "posts": group.posts,
                    "tags": [hashtag.tag for hashtag in shown],
                }
            )
        return rows


def _listed(names: tuple[str, ...]) -> str:
    return f"it has those of {' and '.join(names)}" if names else "it has none"
