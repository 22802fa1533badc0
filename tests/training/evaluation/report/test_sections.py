"""What the report concludes from its figures."""

from typing import Any

import pytest

from recommenders.bundle import Bundle
from training.evaluation.report.charts import COLOURED
from training.evaluation.report.contents import StyleFigures
from training.evaluation.report.landscape import Landscape, Place
from training.evaluation.report.sections import hashtag_map, learning, likes


@pytest.mark.parametrize(
    ("earned", "more", "precision", "verdict"),
    [
        (114.0, (0.1, 0.2), 0.49, "earns 10.0% to 20.0% more likes at the cost of 2.0% of the"),
        (114.0, (0.1, 0.2), 0.50, "earns 10.0% to 20.0% more likes and loses no precision"),
        (114.0, (0.1, 0.2), 0.40, "loses over 15% of the precision"),
        (114.0, (-0.1, 0.4), 0.50, "earns no more likes here than by chance"),
        (90.0, (-0.3, 0.1), 0.50, "earns no more likes here than by chance"),
    ],
)
def test_the_report_says_whether_style_popular_is_worth_it(
    earned: float, more: tuple[float, float], precision: float, verdict: str
) -> None:
    styles = [
        StyleFigures("relevant", 100.0, 0.5, (0.0, 0.0)),
        StyleFigures("popular", earned, precision, more),
    ]
    assert verdict in likes(styles)


@pytest.mark.parametrize(
    ("provenance", "says"),
    [
        (
            {"photos": 900},
            "The projection head, epoch by epoch, on 90 photos held back. Epoch 2 was the best; "
            "the head was then fitted again for that many epochs on nearly all photos, these too.",
        ),
        ({"photos": 900, "plan": {"heads": 3}}, "The first projection head, epoch by epoch"),
        (
            {"photos": 900, "plan": {"head": {"stop_after": 3}}},
            "The plan stops after epoch 3; the head was then fitted again",
        ),
        ({"photos": 80_000}, "Epoch 2 was the best; of so many photos these were not learnt too."),
    ],
)
def test_the_report_says_how_the_head_was_fitted(provenance: dict[str, Any], says: str) -> None:
    history = {"w2v": [[3.0, 0.1], [2.0, 0.3], [1.0, 0.2]]}
    metrics = {"validation_photos": 90, "history": history}
    assert says in learning(Bundle("mine-1", [], {}, metrics=metrics, provenance=provenance))


@pytest.mark.parametrize(
    ("numbers", "grey"),
    [
        (range(2), None),
        (range(-1, 2), "no category"),
        (range(-1, COLOURED + 1), "other categories"),
    ],
)
def test_the_map_explains_grey_only_where_it_has_some(numbers: range, grey: str | None) -> None:
    places = [Place(f"tag{n}", 0.5, 0.5, n, 0.1) for n in numbers]
    names = [f"category {number}" for number in numbers]
    legend = hashtag_map(Landscape(places, names, "PCA", "ALS", len(places))).split("legend")[1]
    for one in ("no category", "other categories"):
        assert (one in legend) == (one == grey)
