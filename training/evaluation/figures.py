"""What the figures of ``metrics.measure`` are called, and how many digits they are given."""

from typing import NamedTuple

DIGITS = 3


class Figure(NamedTuple):
    """A figure's name on a page, in a terminal's narrow column, and its digits."""

    title: str
    head: str
    digits: int = DIGITS


FIGURES = {
    "recall": Figure("Recall", "recall"),
    "precision": Figure("Precision", "precision"),
    "f2": Figure("F2", "F2"),
    "p@1": Figure("First right", "first right"),
    "label_precision": Figure("Label precision", "label precision"),
    "label_recall": Figure("Label recall", "label recall"),
    "label_f1": Figure("Label F1", "label F1"),
    "n_plus": Figure("N+", "N+", 0),
    "accuracy": Figure("Accuracy", "acc.", 4),
}
COMPARED = ("recall", "precision", "f2", "label_f1", "n_plus", "accuracy")
"""Those by which plans are compared."""


def accuracy_flatters(empty_accuracy: float) -> str:
    """Why accuracies are high, as a sentence; "" where most hashtags do fit a given photo."""
    if not empty_accuracy > 0.5:
        return ""
    return (
        "Accuracy flatters: most hashtags do not fit a given photo, so even an answer without any "
        f"hashtag has {empty_accuracy:.4f}."
    )
