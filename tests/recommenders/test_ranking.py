"""From relevance to an order: what is sure stays first, what is rare comes forward."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recommenders.answers import pick
from recommenders.ranking import Ranking, adjusted

shares = st.floats(2**-14, 1, width=32)
relevance = arrays(
    np.float32, 6, elements=st.floats(0, 0.9375, width=32).map(lambda x: round(x, 3))
)


@given(relevance)
def test_without_an_exponent_the_order_is_that_of_relevance(scores: np.ndarray) -> None:
    order = adjusted(scores[None], np.full(6, 0.1, np.float32), 0.0)[0]
    assert list(np.argsort(-order, kind="stable")) == list(np.argsort(-scores, kind="stable"))


@given(relevance, arrays(np.float32, 6, elements=shares), st.floats(0, 1))
def test_of_two_as_relevant_the_rarer_comes_first(
    scores: np.ndarray, popularity: np.ndarray, exponent: float
) -> None:
    order = adjusted(np.full((1, 6), scores[0]), popularity, exponent)[0]
    assert np.isfinite(order).all() and (order >= 0).all()
    assert (np.diff(order[np.argsort(popularity)]) <= 0).all()


def test_a_common_hashtag_that_surely_fits_stays_before_a_rare_one_that_may() -> None:
    scores, popularity = np.array([[0.97, 0.4]], np.float32), np.array([0.2, 0.002], np.float32)
    by_odds = adjusted(scores, popularity, 0.4)[0]
    by_relevance = (scores / popularity**0.4)[0]
    assert by_odds[0] > by_odds[1] and by_relevance[0] < by_relevance[1]


def test_what_was_taught_surely_comes_before_all_that_is_not_sure() -> None:
    ranking = Ranking(np.array([0.2, 0.01], np.float32), np.ones(2, np.float32), exponent=0.3)
    order = ranking.order(np.array([[0.9, 0.5, 1.0]], np.float32))
    assert order.shape == (1, 3) and order[0].argmax() == 2


def test_a_photo_is_not_hedged_between_a_man_and_a_woman() -> None:
    hashtags = ["womanportrait", "manportrait", "girls", "boy", "street", "city"]
    ranking = Ranking(np.full(6, 0.1, np.float32), np.ones(6, np.float32))
    scores = np.linspace(0.6, 0.5, 6, dtype=np.float32)
    first = [h.tag for h in pick(ranking, scores, scores, hashtags, 6)]
    assert first == ["womanportrait", "girls", "street", "city", "manportrait", "boy"]
