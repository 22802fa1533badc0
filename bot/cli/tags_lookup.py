"""What the commands of ``tag4pic tags`` share: the bundle, and the hashtags that are asked for."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import bundle_in_use, fail, settings_for_a_command

if TYPE_CHECKING:
    from recommenders.bundle import Bundle
    from recommenders.knowledge import Knowledge

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]


def looked_up_bundle() -> "Bundle":
    """The bundle in use."""
    settings = settings_for_a_command()

    from recommenders import bundle as bundles

    return bundles.load(bundle_in_use(settings))


def blocked_in(bundle: "Bundle") -> frozenset[str]:
    """The hashtags of a bundle that are never proposed."""
    from bot.chat.blocked import blocked_of
    from storage.moderation import blocklist_of

    return frozenset(blocked_of(bundle.hashtags, blocklist_of({})))


def known_hashtag(typed: str, bundle: "Bundle", knowledge: "Knowledge") -> tuple[str, str]:
    """A typed hashtag as the bundle spells it, and the one of the bundle that it means.

    They differ for a Russian hashtag. Ends with status 1 where there is none.
    """
    from recommenders.hashtags import HashtagError, key, normalise
    from recommenders.languages import meaning

    try:
        canonical = normalise(typed)
    except HashtagError as error:
        fail(f"{error}.")
    spelt = {key(other): other for other in bundle.hashtags}
    canonical = spelt.get(key(canonical), canonical)
    meant = meaning(canonical, knowledge)
    if meant not in knowledge:
        alike = get_close_matches(canonical, bundle.hashtags, n=3, cutoff=0.75)
        hint = f" Near in spelling: {' '.join(f'#{other}' for other in alike)}." if alike else ""
        fail(f"The bundle {bundle.model} does not know #{canonical}.{hint}")
    return canonical, meant
