"""What the report concludes from its figures."""

import pytest

from training.evaluation.report.contents import StyleFigures
from training.evaluation.report.sections import likes


@pytest.mark.parametrize(
    ("earned", "precision", "verdict"),
    [
        (114.0, 0.49, "earns 14.0% more likes at the cost of 2.0% of the precision"),
        (114.0, 0.50, "earns 14.0% more likes and loses no precision"),
        (114.0, 0.40, "loses over 15% of the precision"),
        (90.0, 0.50, "earns no more likes"),
    ],
)
def test_the_report_says_whether_style_popular_is_worth_it(
    earned: float, precision: float, verdict: str
) -> None:
    styles = [StyleFigures("relevant", 100.0, 0.5), StyleFigures("popular", earned, precision)]
    assert verdict in likes(styles)
