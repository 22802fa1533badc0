"""``tag4pic train finetune``, ``status``, ``rollback``, ``publish``: versions of a bundle."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.markup import escape

from bot.cli.console import print_json, print_line, print_warnings, settings_for_a_command
from training.plurals import counted
from training.terminal import reporting

if TYPE_CHECKING:
    from bot.learning_status import LearningStatus
    from bot.settings import Settings
    from storage import Database

Result = TypeVar("Result")


def finetune(
    gently: Annotated[
        bool,
        typer.Option("--gently", help="Leave room for others: lowest priority, one processor."),
    ] = False,
) -> None:
    """Teach Word2Vec what people added with /addtags.

    Writes a new version of the bundle beside the one in use. If it recalls more of what was
    newly taught, on photos held out, and has not forgotten what it knew, it is put in use, within
    seconds even by a running bot; otherwise it is kept aside, with the reason.

    tag4pic train finetune
    """
    settings = settings_for_a_command()
    import torch

    if gently:
        torch.set_num_threads(1)
        if hasattr(os, "nice"):
            os.nice(19)

    from bot.learning_status import learning_status
    from recommenders.versions import Versions
    from training.finetuning.from_database import Retrained, retrain
    from training.finetuning.run import NothingToLearnError

    versions = Versions.of(settings.model_dir)

    async def learn(database: "Database") -> "tuple[Retrained | str, LearningStatus]":
        result: Retrained | str
        try:
            with reporting() as progress:
                result = await retrain(versions, database, settings.weights_dir, progress)
        except NothingToLearnError as error:
            result = str(error)
        return result, await learning_status(settings, database)

    result, status = _with_database(settings, learn)
    if isinstance(result, str):
        print_line(escape(result))
    else:
        tuned = result.tuned
        print_line(
            f"[bold]{escape(tuned.bundle.model)}[/] learnt from {counted(result.photos, 'photo')}; "
            f"{counted(len(tuned.added), 'new hashtag')}. {escape(tuned.decision.reason)}"
        )
    left_out = {name: count for name, count in status.counts.waiting.items() if name in LEFT_OUT}
    if left_out:
        print_line(f"{counted(sum(left_out.values()), 'label')} left out:")
        for line in _waiting(left_out):
            print_line(f"  {line}")
    if isinstance(result, str):
        return
    if result.tuned.decision.promoted:
        print_line("It is in use now. [cyan]tag4pic train rollback[/] goes back.")
    else:
        print_line(
            f"It was not put in use, but kept in {escape(_from_here(result.version))}; "
            f"{escape(status.model)} stays in use."
        )


LEFT_OUT = ("second_person", "approval", "no_features", "album", "rejected", "blocked")
"""Reasons for which fine-tuning leaves labels out."""


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what people taught, how much is learnt, what the rest waits for, and each version.

    Figures are recall in percent, before and after: of held-out photos' newly taught hashtags among
    the first ten, and of the hashtags of photos known before among the first five.

    tag4pic train status
    """
    settings = settings_for_a_command()
    from bot.chat.texts import ENGLISH
    from bot.chat.version_messages import next_fine_tuning
    from bot.learning_status import learning_status
    from storage.database import is_there

    if is_there(settings.database_url):
        status = _with_database(settings, lambda database: learning_status(settings, database))
    else:
        status = asyncio.run(learning_status(settings, None))
    if as_json:
        print_json(_as_json(status))
        return
    counts = status.counts
    print_line(
        f"[bold]{escape(status.model)}[/] is in use. It has learnt {counts.learnt:,} of "
        f"{counted(counts.labels, 'label')}."
    )
    for line in _waiting(dict(counts.waiting)):
        print_line(f"  {line}")
    print_line(next_fine_tuning(ENGLISH, status, datetime.now()))
    _print_versions(status)


def _waiting(counts: "dict[Any, int]") -> list[str]:
    from bot.chat.texts import ENGLISH

    width = len(f"{max(counts.values(), default=0):,}")
    return [
        f"{counts[name]:{width},} {reason}"
        for name, reason in ENGLISH.versions.reasons.items()
        if counts.get(name)
    ]


def _print_versions(status: "LearningStatus") -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from bot.chat.texts import ENGLISH
    from bot.chat.version_messages import percentages

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for name, right in (
        *(("version", False), ("made", False), ("photos", True)),
        *(("taught", True), ("known before", True), ("", False)),
    ):
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for version, state in status.versions:
        cells = ["", ""]
        if version.before and version.after:
            shown = percentages(ENGLISH, version.before, version.after)
            cells = [
                f"{shown[f'{name}_before']} → {shown[f'{name}_after']}"
                for name in ("labels", "replay")
            ]
        table.add_row(
            escape(version.model),
            version.made_at[:10],
            f"{version.photos:,}" if version.photos else "",
            *cells,
            ENGLISH.versions.states[state],
            style="green" if state == "in_use" else None,
        )
    Console().print(table)
    if any(version.after for version, _ in status.versions):
        print_line(
            "[dim]taught: held-out new labels recalled among the first ten; known before: hashtags "
            "of the fit's photos, among the first five.[/]"
        )


def _as_json(status: "LearningStatus") -> dict[str, Any]:
    from bot.learning_status import next_night

    nightly = status.schedule == "nightly"
    return {
        "model": status.model,
        "labels": status.counts.labels,
        "learnt": status.counts.learnt,
        "waiting": dict(status.counts.waiting),
        "next": {
            "every": status.schedule,
            "new": status.new,
            "too_few_photos": status.too_few_photos,
            "lacks": status.lacks,
            "due": status.due,
            "at": next_night(datetime.now()).isoformat() if nightly else None,
        },
        "versions": [
            {
                "model": version.model,
                "folder": str(version.folder),
                "state": state,
                "made_at": version.made_at or None,
                "photos": version.photos or None,
                "before": dict(version.before) or None,
                "after": dict(version.after) or None,
            }
            for version, state in status.versions
        ],
    }


def rollback() -> None:
    """Go back to the version of the bundle before the last fine-tuning.

    A running bot switches within seconds. What people taught is kept: ALS knows it at once, and
    the next fine-tuning learns it again, once there is something new.

    tag4pic train rollback
    """
    settings = settings_for_a_command()

    from recommenders.versions import Versions
    from training.finetuning.rollback import roll_back

    versions = Versions.of(settings.model_dir)
    versions.check_earlier()  # before a database is made
    version, model, labels = _with_database(
        settings, lambda database: roll_back(versions, database)
    )
    print_line(
        f"[bold]{escape(versions.name(version))}[/] ({escape(_from_here(version))}) is in use "
        f"again instead of {escape(model)}; {counted(labels, 'label')} "
        f"{'waits' if labels == 1 else 'wait'} for the next fine-tuning."
    )


def publish(
    address: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS",
            help="A folder, or an address such as s3://bucket/bundles.",
            show_default=False,
        ),
    ],
) -> None:
    """Publish the version of MODEL_DIR that is in use, for all copies of the bot.

    Copies that run with BUNDLE set to this address switch to it within seconds. They never take a
    half-uploaded bundle.

    tag4pic train publish s3://bucket/bundles
    """
    settings = settings_for_a_command()
    from bot.bundle_shelf import Shelf
    from recommenders.bundle import STARTER, read_manifest
    from recommenders.versions import Versions

    versions = Versions.of(settings.model_dir)
    folder = versions.current()
    shelf = Shelf(address)
    shelf.publish(folder)
    name = escape(versions.name(folder))
    print_line(f"[bold]{name}[/] is published at {escape(shelf.address)}.")
    others = read_manifest(folder)["backbones"].keys() - read_manifest(STARTER)["backbones"].keys()
    if others:
        names = " and ".join(sorted(others))
        print_warnings(
            [
                f"It sees with {names}: containers need the weights and the compiled network "
                "(docs/deployment.md, One machine with containers)."
            ]
        )


def _with_database(settings: "Settings", work: "Callable[[Database], Awaitable[Result]]") -> Result:
    from storage import Database

    async def working() -> Result:
        database = await Database.open(settings.database_url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(working())


def _from_here(folder: Path) -> str:
    """A folder's path, relative to the current directory if it is inside."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
