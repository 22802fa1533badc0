"""How ALS learns hashtags that are new to the fit."""

from collections.abc import Callable

import numpy as np
import pytest

from recommenders import als_lessons
from recommenders.als_fit import AlsSettings, FittedAls, solve
from recommenders.als_lessons import Lessons
from recommenders.nearest import PhotoSpace

KNOWN, DIMS = 50, 20


def lessons(factors: int) -> Lessons:
    draw = np.random.default_rng(0)

    def normal(*shape: int) -> np.ndarray:
        return draw.standard_normal(shape, dtype=np.float32)

    photos = normal(300, DIMS)
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    space = PhotoSpace(np.zeros(DIMS, np.float32), np.eye(DIMS, dtype=np.float32))
    fitted = FittedAls(
        "any", space, photos, normal(300, factors), normal(KNOWN, factors), AlsSettings()
    )
    return Lessons(fitted)


def teach(into: Lessons, hashtags: Callable[[int], list[int]], photos: int) -> None:
    features = np.random.default_rng(1).standard_normal((photos, DIMS), dtype=np.float32)
    columns = {photo: hashtags(photo) for photo in range(photos)}
    size = KNOWN + max(column for one in columns.values() for column in one)
    into.learn({photo: (features[photo], {None: one}) for photo, one in columns.items()}, size)


@pytest.mark.parametrize("factors", [4, 16, 64])
def test_new_hashtags_get_the_factors_of_the_normal_equation(factors: int) -> None:
    learnt = lessons(factors)
    # One on all photos, one on every second, …, and one on the last alone.
    teach(learnt, lambda photo: [photo % KNOWN, *range(KNOWN, KNOWN + photo // 2 + 1)], 60)
    _, [taught] = learnt.of([None])
    assert list(taught.hashtags) == list(range(KNOWN, KNOWN + 30))
    for column, factors_of_it in zip(taught.hashtags, taught.hashtag_factors, strict=True):
        carriers = np.array([row for row, one in enumerate(taught.columns) if column in one])
        gram = learnt._photo_gram + taught.gram
        expected = solve(taught.factors, gram.astype(np.float32), carriers, 10.0, 0.1)
        np.testing.assert_allclose(factors_of_it, expected, atol=1e-4)


def test_hashtags_on_few_photos_each_are_solved_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_by_one(*_: object) -> None:
        raise AssertionError("thousands of new hashtags would be solved one after the other")

    monkeypatch.setattr(als_lessons, "solve", one_by_one)
    learnt = lessons(16)
    teach(learnt, lambda photo: [photo % KNOWN, KNOWN + photo], 60)
    _, [taught] = learnt.of([None])
    assert len(taught.hashtag_factors) == 60
