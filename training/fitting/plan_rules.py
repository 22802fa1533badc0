"""Knobs that cannot go together: one would have no effect, or the fit would be impossible."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, get_args

from training.fitting.knobs import Knob, Part

if TYPE_CHECKING:
    from training.fitting.plan import Plan

MADE: dict[str, frozenset[Part]] = {
    "all": frozenset(get_args(Part)),
    "als": frozenset(get_args(Part)) - {"head", "blend"},
    "w2v": frozenset(get_args(Part)) - {"als", "blend"},
    "tags": frozenset(("vocabulary", "vectors", "categories")),
}
"""The parts of a fit by value of ``fit --backend``."""


def counts_for(knob: Knob, backend: str) -> bool:
    """Whether a knob affects a fit of ``als``, ``w2v``, ``all`` or ``tags``."""
    if knob.name.startswith("photos.jitter"):  # only the head learns from jittered copies
        return "head" in MADE[backend]
    return bool(knob.changes & MADE[backend])


def contradictions(plan: "Plan", changed: Collection[str]) -> Iterator[str]:
    """Which knobs of a plan cannot go together and why, a sentence each.

    Args:
        changed: names of the knobs that differ from their defaults.
    """
    photos, vectors, head = plan.photos, plan.vectors, plan.head
    if "photos.jitter_strength" in changed and not photos.jitter:
        yield (
            "photos.jitter_strength has no effect while photos.jitter=0 makes no copies: set "
            "photos.jitter too."
        )
    if vectors.epochs is not None:
        made = ("vectors.uses", "vectors.fewest_epochs", "vectors.most_epochs")
        for name in made:
            if name in changed:
                yield (
                    f"vectors.epochs and {name} cannot go together: the first fixes the number of "
                    "epochs, the second derives it from the posts. Set only one of them."
                )
    elif vectors.fewest_epochs > vectors.most_epochs:
        yield (
            f"vectors.fewest_epochs={vectors.fewest_epochs} is more than vectors.most_epochs="
            f"{vectors.most_epochs}: lower the first or raise the second."
        )
    if head.stop_after is not None:
        if head.stop_after > head.epochs:
            yield (
                f"head.stop_after={head.stop_after} is never reached, since head.epochs="
                f"{head.epochs}: lower the first or raise the second."
            )
        if "head.patience" in changed:
            yield (
                "head.stop_after and head.patience cannot go together: the first stops at a fixed "
                "epoch, the second when epochs no longer improve. Set only one of them."
            )
    if head.batch_norm and head.batch == 1:
        yield ("head.batch_norm needs more than one photo in a batch: set head.batch to 2 or more.")
    if head.batch_norm and head.averaging:
        yield (
            "head.batch_norm and head.averaging cannot go together: the means and variances were "
            "not measured with the averaged weights. Set only one of them."
        )
