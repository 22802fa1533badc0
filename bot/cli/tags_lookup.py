"""Shared by the commands of ``tag4pic tags``: the look-up and the option ``--json``."""

from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import bundle_in_use, settings_for_a_command

if TYPE_CHECKING:
    from bot.hashtag_lookup import HashtagLookup

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line, for scripts.")]


def lookup_in_use() -> "HashtagLookup":
    """A look-up of the hashtags of the bundle in use."""
    settings = settings_for_a_command()

    from bot.hashtag_lookup import HashtagLookup
    from recommenders import bundle as bundles

    return HashtagLookup(bundles.load(bundle_in_use(settings)))
