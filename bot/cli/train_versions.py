"""``tag4pic train finetune`` and ``rollback``: versions of the bundle from what people taught."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.console import print_line, settings_for_a_command
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

    if gently:
        torch.set_num_threads(1)
        if hasattr(os, "nice"):
            os.nice(19)

    from recommenders.versions import Versions
    from storage import Database
    from training.finetuning.from_database import Retrained, retrain
    from training.finetuning.run import NothingToLearnError

    versions = Versions.of(settings.model_dir)

    async def learn() -> Retrained:
        database = await Database.open(settings.database_url)
        try:
            with reporting() as progress:
                return await retrain(versions, database, settings.weights_dir, progress)
        finally:
            await database.close()

    try:
        result = asyncio.run(learn())
    except NothingToLearnError as error:
        print_line(str(error))
        return
    tuned = result.tuned
    print_line(
        f"[bold]{tuned.bundle.model}[/] learnt from {result.photos:,} photos; "
        f"{len(tuned.added):,} new hashtags. {tuned.reason}"
    )
    if result.unseen:
        print_line(f"{result.unseen:,} photos have no features of its backbone and were left out.")
    if tuned.promoted:
        print_line("It is in use now. [cyan]tag4pic train rollback[/] goes back.")
    else:
        print_line(f"It is not put in use, and kept in {_from_here(result.version)}.")


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
    print_line(
        f"{_from_here(version)} is in use again; {labels:,} labels wait for the next fine-tuning."
    )


def _from_here(folder: Path) -> str:
    """A folder as people would type it in this one."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)
