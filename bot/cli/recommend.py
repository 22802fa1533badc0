"""``tag4pic recommend``: hashtags for photo files, as text or JSON lines."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from bot.cli.console import load_engine, print_json, settings_for_a_command
from recommenders.backends import Backend, Language, Style
from recommenders.machine import photos_at_once
from training.terminal import progress_bar

if TYPE_CHECKING:
    from bot.photo_answers import Answer

MANY = 10
"""From this many photos on a progress bar is shown."""

Item = TypeVar("Item")


def recommend(
    photos: Annotated[
        list[str],
        typer.Argument(metavar="PHOTO", help="Photos, or folders of them.", show_default=False),
    ],
    backend: Annotated[
        Backend | None,
        typer.Option(help="Which recommender answers.", show_default="the most accurate"),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="How many hashtags.", show_default="10, or the platform's"
        ),
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option(
            "--for",
            metavar="PLATFORM",
            help="Take this platform's number of hashtags and style.",
            show_default=False,
        ),
    ] = None,
    style: Annotated[
        Style | None,
        typer.Option(
            help="What comes first: what fits, what earns likes, or a balance of both.",
            show_default="balanced, or the platform's",
        ),
    ] = None,
    language: Annotated[
        Language, typer.Option(help="English hashtags, Russian ones, or both.")
    ] = Language.EN,
    caption: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="A caption of the photos; used by --backend both.",
            show_default=False,
        ),
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line, for scripts.")
    ] = False,
) -> None:
    """Recommend hashtags for photos.

    The best five come first: Instagram allows no more. If a photo cannot be read, stderr says why,
    the others are still answered, and the exit status is 2.

        tag4pic recommend beach.jpg
        tag4pic recommend holidays/ --for instagram
        tag4pic recommend garden.jpg --caption "the first robin this year"
        tag4pic recommend *.jpg --top 30 --json | jq -r '.hashtags[].tag'
    """
    engine = load_engine(settings_for_a_command())

    from bot.photo_answers import PhotoAnswers
    from recommenders.photos import PhotoError

    photo_answers = PhotoAnswers(engine)
    request = photo_answers.request(
        backend=backend,
        count=top,
        platform=platform,
        style=style,
        language=language,
        caption=caption,
    )
    files, unread = _expand(photos)
    for folder, reason in unread.items():
        typer.echo(f"{folder}: {reason}", err=True)
    answers = _answer_all(files, lambda photo: photo_answers.answer(photo, Path(photo), request))
    for photo, get_answer in _with_progress(answers, len(files)):
        try:
            answer = get_answer()
        except PhotoError as error:
            unread[photo] = str(error)
            typer.echo(f"{photo}: {error}", err=True)
            continue
        if as_json:
            print_json(asdict(answer))
        else:
            _print_for_people(answer)
    if unread:
        raise typer.Exit(2)


def _answer_all(
    files: Sequence[str], answer: "Callable[[str], Answer]"
) -> "Iterator[tuple[str, Callable[[], Answer]]]":
    """Answers photos in parallel.

    Yields:
        Each file, in order, and a function that waits for its answer; it raises what ``answer``
        raised.
    """
    pool = ThreadPoolExecutor(photos_at_once())
    try:
        yield from [(file, pool.submit(answer, file).result) for file in files]
    finally:
        # After Ctrl-C or a closed pipe, photos that have not been started are dropped.
        pool.shutdown(cancel_futures=True)


def _expand(arguments: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Expands folders to the images in them, sorted by name.

    A file given as an argument is tried whatever its suffix.

    Returns:
        Files in the order of the arguments, as they were written; and by folder, why it has none.
    """
    from recommenders.photos import images_in

    files: list[str] = []
    unread: dict[str, str] = {}
    for argument in arguments:
        # Path.is_dir would raise for what it cannot look up, of which the answer says why.
        if not os.path.isdir(argument):  # noqa: PTH112
            files.append(argument)
            continue
        try:
            images = images_in(Path(argument))
        except OSError as error:
            unread[argument] = f"the folder cannot be opened ({error.strerror})"
            continue
        if not images:
            unread[argument] = "there is no image in this folder"
        files += [str(image) for image in images]
    return files, unread


def _print_for_people(answer: "Answer") -> None:
    from recommenders.answers import FIRST

    tags = [f"#{hashtag.tag}" for hashtag in answer.hashtags]
    lines = [(answer.photo, "cyan"), (" ".join(tags[:FIRST]), "bold")]
    if tags[FIRST:]:
        lines.append((" ".join(tags[FIRST:]), "dim"))
    if not tags:
        lines[1] = ("no hashtag fits", "dim")
    text = Text("\n  ").join(Text(line, style) for line, style in lines)
    Console().print(text, soft_wrap=True)


def _with_progress(answers: Iterable[Item], total: int) -> Iterator[Item]:
    """The answers, with a progress bar on stderr if there are many and stdout is no terminal."""
    if total < MANY or Console().is_terminal:
        yield from answers
        return
    with progress_bar() as progress:
        yield from progress.track(answers, total, description="Answering")
