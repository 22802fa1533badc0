"""``tag4pic tags similar``: hashtags similar to others, and how similar two are."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand

from bot.cli.console import print_json
from bot.cli.tags_lookup import Json, lookup_in_use

if TYPE_CHECKING:
    from bot.hashtag_lookup import Pair

_WITH = "--with"


class WithSeveral(TyperCommand):
    """A command whose ``--with`` takes every word up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _each_with(args))


def similar(
    tags: Annotated[
        list[str],
        typer.Argument(metavar="TAG", help="Hashtags, with or without #.", show_default=False),
    ],
    others: Annotated[
        list[str] | None,
        typer.Option(
            _WITH,
            metavar="TAG...",
            help="Show instead how near each TAG is to these.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags.")] = 10,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which vectors: skipgram or cbow.",
            show_default="the bundle's first",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List hashtags that are used beside the same hashtags, the nearest first.

    With several TAGs, it lists those near all of them together. With --with, it shows the cosine of
    each pair: 1 if both are used beside the same hashtags, 0 if they have none in common.

    tag4pic tags similar sunset
    tag4pic tags similar закат --top 20
    tag4pic tags similar cats keyboard --model cbow
    tag4pic tags similar cats --with fluffy keyboard
    """
    lookup = lookup_in_use()
    if others:
        _print_pairs(lookup.pairs(tags, others, model), as_json=as_json)
        return
    similar = lookup.similar(tags, top, model)
    if as_json:
        for near in similar.hashtags:
            print_json({"tag": near.tag, "score": near.score})
        return
    if not similar.hashtags:
        names = " ".join(f"#{tag}" for tag in similar.tags)
        typer.echo(f"Nothing is near {names}: never used beside others, or only beside rare ones.")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for near in similar.hashtags:
        table.add_row(Text(f"#{near.tag}", "bold"), Text(f"{near.score:.2f}", "dim"))
    Console().print(table)


def _print_pairs(pairs: "Sequence[Pair]", *, as_json: bool) -> None:
    if as_json:
        for pair in pairs:
            rounded = None if pair.cosine is None else round(pair.cosine, 4)
            row = {"tag": pair.tag, "with": pair.other, "cosine": rounded}
            print_json(row)
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for pair in pairs:
        figure = "one is never used beside others" if pair.cosine is None else f"{pair.cosine:.2f}"
        names = (Text(f"#{tag}", "bold") for tag in (pair.tag, pair.other))
        table.add_row(*names, Text(figure, "dim"))
    Console().print(table)


def _each_with(arguments: Sequence[str]) -> list[str]:
    """``--with a b`` as ``--with a --with b``, which is how options can be repeated."""
    spread: list[str] = []
    several = False
    for place, argument in enumerate(arguments):
        if argument == "--":
            return [*spread, *arguments[place:]]
        if argument.startswith("-"):
            several = argument == _WITH or argument.startswith(f"{_WITH}=")
            if argument != _WITH:
                spread.append(argument)
            elif place + 1 == len(arguments) or arguments[place + 1].startswith("-"):
                spread.append(argument)  # no value follows: refused as usual
        else:
            spread += [_WITH, argument] if several else [argument]
    return spread
