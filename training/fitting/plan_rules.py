"""Knobs that cannot go together: one would have no effect, or the fit would be impossible."""

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, get_args

from training.fitting.knobs import Knob, Part, PlanError

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


def check_together(plan: "Plan", changed: Collection[str]) -> None:
    """Refuses a plan that contradicts itself.

    Args:
        changed: names of the knobs that differ from their defaults.

    Raises:
        PlanError: says which knobs cannot go together, and why.
    """
    for contradiction in _contradictions(plan, changed):
        raise PlanError(contradiction)


def _contradictions(plan: "Plan", changed: Collection[str]) -> Iterator[str]:
    photos, vectors, head = plan.photos, plan.vectors, plan.head
    if "photos.jitter_strength" in changed and not photos.jitter:
        yield (
            "photos.jitter_strength is of jittered copies, and photos.jitter=0 makes none: set "
            "photos.jitter too."
        )
    if vectors.epochs is not None:
        made = ("vectors.uses", "vectors.fewest_epochs", "vectors.most_epochs")
        for name in made:
            if name in changed:
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
        if "head.patience" in changed:
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
