"""``tag4pic tags similar``: hashtags near others, and how near two are."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer.core import TyperCommand

from bot.cli.console import fail
from bot.cli.tags_lookup import Json, blocked_in, known_hashtag, looked_up_bundle

if TYPE_CHECKING:
    from recommenders.knowledge import Knowledge

_WITH = "--with"


class WithSeveral(TyperCommand):
    """A command whose ``--with`` takes every word up to the next option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, _each_with(args))


def similar(
    tags: Annotated[
        list[str],
        typer.Argument(metavar="TAG...", help="Hashtags, with or without #.", show_default=False),
    ],
    others: Annotated[
        list[str] | None,
        typer.Option(
            _WITH,
            metavar="TAG...",
            help="Tell instead how near each TAG is to these.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags.")] = 10,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose vectors: skipgram or cbow.",
            show_default="the bundle's first",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the hashtags that stand beside the same hashtags, the nearest first.

    Of several hashtags those near all of them together. With --with, the cosine of each pair: 1 is
    the same company, 0 none in common.

    tag4pic tags similar sunset
    tag4pic tags similar закат --top 20
    tag4pic tags similar cats keyboard --model cbow
    tag4pic tags similar cats --with fluffy keyboard
    """
    bundle = looked_up_bundle()

    from recommenders.knowledge import Knowledge
    from recommenders.languages import in_language

    knowledge = Knowledge(bundle)
    asked = [known_hashtag(tag, bundle, knowledge) for tag in tags]
    if model is not None and model not in knowledge.models:
        fail(f"The bundle {bundle.model} has no vectors of {model}: {_listed(knowledge.models)}.")
    if others:
        _print_pairs(
            asked,
            [known_hashtag(tag, bundle, knowledge) for tag in others],
            knowledge,
            model,
            as_json=as_json,
        )
        return
    blocked = blocked_in(bundle)
    russian = all(meant != canonical for canonical, meant in asked)
    language, most = ("ru", 2 * top) if russian else ("en", top)
    neighbours = knowledge.similar([meant for _, meant in asked], most + len(blocked), model=model)
    neighbours = [near for near in neighbours if near.tag not in blocked][:most]
    skip = {*(canonical for canonical, _ in asked), *blocked}
    neighbours = in_language(neighbours, language, top, skip=skip)
    if as_json:
        for hashtag in neighbours:
            typer.echo(json.dumps({"tag": hashtag.tag, "score": hashtag.score}, ensure_ascii=False))
        return
    if not neighbours:
        names = " ".join(f"#{canonical}" for canonical, _ in asked)
        typer.echo(f"Nothing is near {names}: never seen beside others, or only beside rare ones.")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for hashtag in neighbours:
        table.add_row(Text(f"#{hashtag.tag}", "bold"), Text(f"{hashtag.score:.2f}", "dim"))
    Console().print(table)


def _print_pairs(
    asked: Sequence[tuple[str, str]],
    others: Sequence[tuple[str, str]],
    knowledge: "Knowledge",
    model: str | None,
    *,
    as_json: bool,
) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for tag, meant in asked:
        for other, other_meant in others:
            cosine = knowledge.cosine(meant, other_meant, model=model)
            if as_json:
                rounded = None if cosine is None else round(cosine, 4)
                row = {"tag": tag, "with": other, "cosine": rounded}
                typer.echo(json.dumps(row, ensure_ascii=False))
            figure = "one stands alone" if cosine is None else f"{cosine:.2f}"
            table.add_row(Text(f"#{tag}", "bold"), Text(f"#{other}", "bold"), Text(figure, "dim"))
    if not as_json:
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
                spread.append(argument)  # nothing behind it: refused as usual
        else:
            spread += [_WITH, argument] if several else [argument]
    return spread


def _listed(names: tuple[str, ...]) -> str:
    return f"it has those of {' and '.join(names)}" if names else "it has none"
