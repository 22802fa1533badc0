"""Knobs that cannot go together: one would count for nothing, or the fit could not be made."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.fitting.plan import Plan


def contradictions(plan: "Plan", turned: Collection[str]) -> Iterator[str]:
    """A sentence for each contradiction of a plan.

    Args:
        turned: names of the knobs that do not stand at their defaults.
    """
    photos, vectors, head = plan.photos, plan.vectors, plan.head
    if "photos.jitter_strength" in turned and not photos.jitter:
        yield (
            "photos.jitter_strength is of jittered copies, and photos.jitter=0 makes none: set "
            "photos.jitter too."
        )
    if vectors.epochs is not None:
        made = ("vectors.uses", "vectors.fewest_epochs", "vectors.most_epochs")
        for name in made:
            if name in turned:
                yield (
                    f"vectors.epochs and {name} cannot go together: the one says how many epochs, "
                    "the other how many come of the posts. Set one of them."
                )
    elif vectors.fewest_epochs > vectors.most_epochs:
        yield (
            f"vectors.fewest_epochs={vectors.fewest_epochs} is more than vectors.most_epochs="
            f"{vectors.most_epochs}: no number of epochs is both."
        )
    if head.stop_after is not None:
        if head.stop_after > head.epochs:
            yield (
                f"head.stop_after={head.stop_after} is an epoch that is never reached: "
                f"head.epochs={head.epochs}."
            )
        if "head.patience" in turned:
            yield (
                "head.stop_after and head.patience cannot go together: the one stops at an epoch, "
                "the other when no epoch is better. Set one of them."
            )
    if head.batch_norm and head.batch == 1:
        yield (
            "head.batch_norm normalises over a batch, and head.batch=1 is a single photo: set 2 or "
            "more."
        )
    if head.batch_norm and head.averaging:
        yield (
            "head.batch_norm and head.averaging cannot go together: averaged weights never met the "
            "batches whose mean and variance they would be normalised by."
        )
