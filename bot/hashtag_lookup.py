"""Looks hashtags up in a bundle, leaving out blocked ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bot.blocked_hashtags import blocked_of
from recommenders.bundle import Bundle
from recommenders.hashtags import HashtagError, key, normalise
from recommenders.knowledge import Knowledge
from recommenders.languages import in_language, meaning, meanings, tags_in_language
from recommenders.ranking import Hashtag
from storage.blocklist import in_force


class UnknownHashtagError(LookupError):
    """A hashtag or a model that the bundle does not have; the message suggests what it has."""


@dataclass(frozen=True)
class Similar:
    """The neighbours of ``tags``, which are as the bundle spells them."""

    tags: tuple[str, ...]
    hashtags: list[Hashtag]


@dataclass(frozen=True)
class Pair:
    """Two hashtags as the bundle spells them, and their cosine; None where one has no vector."""

    tag: str
    other: str
    cosine: float | None


class HashtagLookup:
    """Neighbours, similarities and categories of a bundle's hashtags.

    Args:
        knowledge: the bundle's, if it is loaded already.
        blocked: hashtags that may not be shown; by default those of the default block list.

    Raises:
        BundleError: where the bundle knows nothing about its hashtags.
    """

    def __init__(
        self,
        bundle: Bundle,
        knowledge: Knowledge | None = None,
        blocked: Collection[str] | None = None,
    ) -> None:
        self.bundle = bundle
        self.knowledge = Knowledge(bundle) if knowledge is None else knowledge
        self.blocked = blocked_of(bundle.hashtags, in_force({})) if blocked is None else blocked

    def known(self, typed: str) -> tuple[str, str]:
        """A typed hashtag as the bundle spells it, and the bundle's hashtag that it means.

        For a Russian hashtag the second is its English translation.

        Raises:
            UnknownHashtagError: if the bundle does not have it.
        """
        bundle = self.bundle
        try:
            canonical = normalise(typed)
        except HashtagError as error:
            raise UnknownHashtagError(f"{error}.") from None
        spelt = {key(other): other for other in bundle.hashtags}
        canonical = spelt.get(key(canonical), canonical)
        meant = meaning(canonical, self.knowledge)
        if meant not in self.knowledge:
            alike = get_close_matches(canonical, self._names(), n=3, cutoff=0.75)
            near = " ".join(f"#{other}" for other in alike)
            hint = f" Similar spellings: {near}." if near else ""
            raise UnknownHashtagError(
                f"The bundle {bundle.model} does not know #{canonical}.{hint}"
            )
        return canonical, meant

    def similar(self, tags: Sequence[str], top: int, model: str | None = None) -> Similar:
        """The hashtags used with the same hashtags, the nearest first.

        Args:
            tags: as typed; for several, the neighbours of all of them together. If all are
                Russian, so are the neighbours.
            model: one of the bundle's models; by default its first.

        Raises:
            UnknownHashtagError: if the bundle lacks a hashtag or the model.
            BundleError: for several hashtags in a bundle of an earlier version.
        """
        resolved = [self.known(tag) for tag in tags]
        self._check_model(model)
        russian = all(meant != canonical for canonical, meant in resolved)
        language, most = ("ru", 2 * top) if russian else ("en", top)
        meant = [one for _, one in resolved]
        near = self.knowledge.similar(meant, most + len(self.blocked), model=model)
        near = [hashtag for hashtag in near if hashtag.tag not in self.blocked][:most]
        names = tuple(canonical for canonical, _ in resolved)
        return Similar(names, in_language(near, language, top, skip={*names, *self.blocked}))

    def pairs(
        self, tags: Sequence[str], others: Sequence[str], model: str | None = None
    ) -> list[Pair]:
        """The similarity of each of ``tags`` to each of ``others``.

        Raises:
            UnknownHashtagError, BundleError: as ``similar``.
        """
        lefts, rights = ([self.known(tag) for tag in one] for one in (tags, others))
        self._check_model(model)
        return [
            Pair(tag, other, self.knowledge.cosine(meant, other_meant, model=model))
            for tag, meant in lefts
            for other, other_meant in rights
        ]

    def categories(self, top: int, language: str = "en") -> list[dict[str, Any]]:
        """The bundle's categories of hashtags, parents before their children.

        Args:
            top: how many hashtags of each category, the most typical ones.
            language: one of ``recommenders.backends.LANGUAGES``, of the titles and the hashtags.

        Returns:
            ``category``, ``title``, ``head`` (the parent, or None), ``posts`` (training posts in
            it, or None where it comes from a table) and ``tags`` of each.
        """
        return [
            {
                "category": group.name,
                "title": group.titles.get("ru" if language == "ru" else "en", group.name),
                "head": group.head,
                "posts": group.posts,
                "tags": tags_in_language(group.hashtags, language, top, self.blocked),
            }
            for group in self.knowledge.categories()
        ]

    def _names(self) -> set[str]:
        """The hashtags that may be shown, and the Russian ones that mean one of them."""
        shown = {tag for tag in self.bundle.hashtags if tag not in self.blocked}
        russian = {form for form, english in meanings().items() if not shown.isdisjoint(english)}
        return shown | russian - set(self.blocked)

    def _check_model(self, model: str | None) -> None:
        models = self.knowledge.models
        if model is not None and model not in models:
            raise UnknownHashtagError(
                f"The bundle {self.bundle.model} has no {model} vectors: {_listed(models)}."
            )


def _listed(names: tuple[str, ...]) -> str:
    return f"it has {' and '.join(names)}" if names else "it has none"
