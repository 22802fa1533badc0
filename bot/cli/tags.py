"""``tag4pic tags``: what the bundle knows about hashtags."""

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.console import Commands, bundle_in_use, fail, settings_for_a_command
from recommenders.backends import Language

if TYPE_CHECKING:
    from recommenders.bundle import Bundle

app = typer.Typer(
    cls=Commands, no_args_is_help=True, help="Look hashtags up: similar ones, and categories."
)

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, for scripts.")]


@app.command()
def similar(
    tag: Annotated[
        str, typer.Argument(metavar="TAG", help="A hashtag, with or without #.", show_default=False)
    ],
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

    tag4pic tags similar sunset
    tag4pic tags similar закат --top 20
    """
    bundle = _bundle()

    from bot.chat.blocked import blocked_of
    from recommenders.hashtags import HashtagError, key, normalise
    from recommenders.knowledge import Knowledge
    from recommenders.languages import in_language, meaning
    from storage.moderation import blocklist_of

    knowledge = Knowledge(bundle)
    try:
        canonical = normalise(tag)
    except HashtagError as error:
        fail(f"{error}.")
    spelt = {key(other): other for other in bundle.hashtags}
    canonical = spelt.get(key(canonical), canonical)
    meant = meaning(canonical, knowledge)
    if meant not in knowledge:
        alike = get_close_matches(canonical, bundle.hashtags, n=3, cutoff=0.75)
        hint = f" Near in spelling: {' '.join(f'#{other}' for other in alike)}." if alike else ""
        fail(f"The bundle {bundle.model} does not know #{canonical}.{hint}")
    if model is not None and model not in knowledge.models:
        fail(f"The bundle {bundle.model} has no vectors of {model}: {_listed(knowledge.models)}.")
    blocked = blocked_of(bundle.hashtags, blocklist_of({}))
    language, most = ("en", top) if meant == canonical else ("ru", 2 * top)
    neighbours = knowledge.similar(meant, most + len(blocked), model=model)
    neighbours = [near for near in neighbours if near.tag not in blocked][:most]
    neighbours = in_language(neighbours, language, top, skip={canonical, *blocked})
    if as_json:
        for hashtag in neighbours:
            typer.echo(json.dumps({"tag": hashtag.tag, "score": hashtag.score}, ensure_ascii=False))
        return
    if not neighbours:
        typer.echo(f"#{canonical} stands alone: it is never seen beside others.")
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for hashtag in neighbours:
        table.add_row(Text(f"#{hashtag.tag}", "bold"), Text(f"{hashtag.score:.2f}", "dim"))
    Console().print(table)


@app.command()
def categories(
    top: Annotated[int, typer.Option(metavar="N", min=1, help="How many hashtags of each.")] = 8,
    language: Annotated[
        Language, typer.Option(help="Of the names and of the hashtags.")
    ] = Language.EN,
    as_json: Json = False,
) -> None:
    """List what the bundle's hashtags are about, and those most at home there.

    Finer categories stand below the head that they belong to.

    tag4pic tags categories
    tag4pic tags categories --top 30 --json
    """
    bundle = _bundle()

    from bot.chat.blocked import blocked_of
    from recommenders.knowledge import Knowledge
    from recommenders.languages import in_language
    from recommenders.ranking import Hashtag
    from storage.moderation import blocklist_of

    blocked = blocked_of(bundle.hashtags, blocklist_of({}))
    groups = Knowledge(bundle).categories()
    shown = {}
    for group in groups:
        tags = [Hashtag(tag, 1.0) for tag in group.hashtags if tag not in blocked]
        shown[group.name] = [one.tag for one in in_language(tags, language, top, blocked)]
    if as_json:
        for group in groups:
            row = {
                "category": group.name,
                "head": group.head,
                "posts": group.posts,
                "tags": shown[group.name],
            }
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    counted = any(group.posts is not None for group in groups)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("category")
    if counted:
        table.add_column("posts", justify="right")
    table.add_column("hashtags")
    for group in groups:
        title = group.titles.get("ru" if language == "ru" else "en", group.name)
        name = Text(f"  {title}") if group.head else Text(title, "bold")
        posts = [f"{group.posts or 0:,}"] if counted else []
        table.add_row(name, *posts, Text(" ".join(f"#{tag}" for tag in shown[group.name])))
    Console().print(table)


def _bundle() -> "Bundle":
    settings = settings_for_a_command()

    from recommenders import bundle as bundles

    return bundles.load(bundle_in_use(settings))


def _listed(names: tuple[str, ...]) -> str:
    return f"it has those of {' and '.join(names)}" if names else "it has none"
