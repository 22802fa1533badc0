"""Rolls a fine-tuned version back, which computes nothing: it needs no PyTorch."""

from pathlib import Path

from recommenders.versions import Versions
from storage import Database, training_labels, version_news


async def roll_back(versions: Versions, database: Database) -> tuple[Path, str, int]:
    """Goes back to the version before; its labels are to be learnt again.

    Returns:
        The version now in use, the model rolled back, and how many labels are to be learnt again.

    Raises:
        BundleError, StorageError: a sentence for people.
    """
    with versions.alone():
        model, version = versions.roll_back()
        async with database.session() as session:
            labels = await training_labels.unmark_learnt(session, model)
            await version_news.add(session, model, "rolled_back", {"to": versions.name(version)})
        return version, model, labels
