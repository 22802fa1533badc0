"""``tag4pic train finetune`` and ``rollback``: versions of the bundle from what people taught."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bot.cli.console import settings_for_a_command
from training.terminal import reporting


def finetune(
    gently: Annotated[
        bool,
        typer.Option(
            "--gently", help="Leave the machine to others: lowest priority, one processor."
        ),
    ] = False,
) -> None:
    """Teach Word2Vec what people added with /addtags.

    Writes a new version of the bundle beside the one in use. It is put in use, by a running bot
    within seconds too, if it recalls more of the labels held out and has not forgotten what it
    knew; otherwise it is kept aside, and the reason told.

    tag4pic train finetune
    """
    settings = settings_for_a_command()
    import torch

    if gently and hasattr(os, "nice"):
        os.nice(19)
    if gently:
        torch.set_num_threads(1)

    from recommenders.versions import Versions
    from storage import Database
    from training.finetuning.from_database import Retrained, retrain
    from training.finetuning.run import NothingToLearnError

    versions = Versions.of(settings.model_dir)
    console = Console()

    async def learn() -> Retrained:
        database = await Database.open(settings.database_url)
        try:
            with reporting() as report:
                return await retrain(versions, database, settings.weights_dir, report)
        finally:
            await database.close()

    try:
        done = asyncio.run(learn())
    except NothingToLearnError as nothing:
        console.print(str(nothing), highlight=False, soft_wrap=True)
        return
    model, tuned = done.tuned.bundle.model, done.tuned
    console.print(
        f"[bold]{model}[/] learnt from {done.photos:,} photos; {len(tuned.added):,} new hashtags. "
        f"{tuned.reason}",
        highlight=False,
        soft_wrap=True,
    )
    if done.unseen:
        console.print(
            f"{done.unseen:,} photos have no features of its backbone and were left out.",
            highlight=False,
            soft_wrap=True,
        )
    if tuned.promoted:
        console.print("It is in use now. [cyan]tag4pic train rollback[/] goes back.")
    else:
        console.print(
            f"It is not put in use, and kept in {_shown(done.version)}.",
            highlight=False,
            soft_wrap=True,
        )


def rollback() -> None:
    """Go back to the version of the bundle before the last fine-tuning.

    A running bot takes it up within seconds. What people taught stays: ALS knows it at once, and
    the next fine-tuning learns it again.

    tag4pic train rollback
    """
    settings = settings_for_a_command()

    from recommenders.versions import Versions
    from storage import Database
    from training.finetuning.from_database import roll_back

    async def back() -> tuple[Path, int]:
        database = await Database.open(settings.database_url)
        try:
            return await roll_back(Versions.of(settings.model_dir), database)
        finally:
            await database.close()

    version, labels = asyncio.run(back())
    Console().print(
        f"{_shown(version)} is in use again; {labels:,} labels wait for the next fine-tuning.",
        highlight=False,
        soft_wrap=True,
    )


def _shown(folder: Path) -> str:
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
