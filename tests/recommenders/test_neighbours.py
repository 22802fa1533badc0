import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommenders.arrays import Floats, unit, whole_numbers
from recommenders.nearest import PhotoIndex, PhotoIndexError, PhotoSpace, nearest


def brute_force(queries: Floats, vectors: Floats, k: int) -> list[list[int]]:
    """Row numbers by falling cosine, those with equal cosines in their order."""
    cosines = queries @ vectors.T
    return [
        sorted(range(len(vectors)), key=lambda at: (-float(row[at]), at))[:k] for row in cosines
    ]


@st.composite
def searches(draw: st.DrawFn) -> tuple[Floats, Floats, int]:
    """Queries, vectors and k; small whole numbers, so that ties abound and sums are exact."""
    d = draw(st.integers(1, 4))
    spread = draw(st.integers(1, 3))
    seed = np.random.default_rng(draw(st.integers(0, 2**32)))
    shapes = [(draw(st.integers(0, most)), d) for most in (4, 40)]
    queries, vectors = (
        seed.integers(-spread, spread, shape, endpoint=True).astype(np.float32) for shape in shapes
    )
    return queries, vectors, draw(st.integers(1, 45))


@settings(max_examples=300, deadline=None)
@given(searches())
def test_the_nearest_are_those_of_brute_force_and_ties_keep_their_order(
    search: tuple[Floats, Floats, int],
) -> None:
    queries, vectors, k = search
    rows, cosines = nearest(queries, vectors, k)
    assert rows.shape == cosines.shape == (len(queries), min(k, len(vectors)))
    assert rows.tolist() == brute_force(queries, vectors, k)
    np.testing.assert_array_equal(cosines, np.take_along_axis(queries @ vectors.T, rows, axis=1))


def test_the_nearest_of_real_vectors_are_those_of_brute_force() -> None:
    draw = np.random.default_rng(0)
    vectors = unit(draw.standard_normal((3000, 40), dtype=np.float32))
    queries = unit(draw.standard_normal((7, 40), dtype=np.float32))
    rows, cosines = nearest(queries, vectors, 50)
    assert rows.tolist() == brute_force(queries, vectors, 50)
    assert (np.diff(cosines) <= 0).all()
    assert cosines.dtype == np.float32
    assert nearest(vectors[:9], vectors, 1)[0].ravel().tolist() == list(range(9))


def test_vectors_that_are_no_numbers_come_last() -> None:
    vectors = np.array([[np.nan, 0], [1, 0], [0, 1]], np.float32)
    query = np.array([[1, 0]], np.float32)
    assert nearest(query, vectors, 2)[0].tolist() == [[1, 2]]
    assert nearest(query * np.nan, vectors, 2)[0].shape == (1, 2)


def test_unit_vectors_have_length_one_and_zeros_stay_zeros() -> None:
    rows = np.array([[3, 4], [0, 0], [1e-3, 0], [-1e15, 0]], np.float32)
    np.testing.assert_allclose(unit(rows), [[0.6, 0.8], [0, 0], [1, 0], [-1, 0]], rtol=1e-6)
    assert unit(rows).dtype == np.float32


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_features_of_any_precision_are_projected_to_unit_vectors(kind: type) -> None:
    draw = np.random.default_rng(0)
    mean = draw.standard_normal(12, dtype=np.float32)
    components = draw.standard_normal((5, 12), dtype=np.float32)
    features = draw.standard_normal((3, 12)).astype(kind)
    vectors = PhotoSpace(mean, components).project(features)
    expected = (features.astype(np.float64) - mean) @ components.T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    average = PhotoSpace(mean, components).project(mean[None])
    np.testing.assert_array_equal(average, np.zeros((1, 5)))


def test_an_index_finds_what_a_scan_does() -> None:
    pytest.importorskip("usearch", reason="usearch is an extra")
    draw = np.random.default_rng(0)
    vectors = unit(draw.standard_normal((2000, 20), dtype=np.float32))
    vectors = unit(whole_numbers(vectors).astype(np.float32))  # as a bundle stores them
    queries = unit(draw.standard_normal((40, 20), dtype=np.float32))
    index = PhotoIndex(PhotoIndex.build(vectors))
    assert (len(index), index.shape) == (2000, (2000, 20))
    rows, cosines = nearest(queries, index, 50)
    exact, _ = nearest(queries, vectors, 50)
    found = [len(set(a) & set(b)) for a, b in zip(rows.tolist(), exact.tolist(), strict=True)]
    assert np.mean(found) > 0.98 * 50
    expected = np.einsum("nd,nkd->nk", queries, vectors[rows])
    np.testing.assert_allclose(cosines, expected, atol=1e-6)
    assert (np.diff(cosines) <= 0).all()
    assert nearest(queries[:0], index, 5)[0].shape == (0, 5)
    assert nearest(queries[:1], PhotoIndex(PhotoIndex.build(vectors[:3])), 50)[0].shape == (1, 3)


def test_an_index_of_an_earlier_version_still_answers() -> None:
    usearch = pytest.importorskip("usearch.index", reason="usearch is an extra")
    draw = np.random.default_rng(0)
    vectors = unit(draw.standard_normal((300, 20), dtype=np.float32))
    earlier = usearch.Index(ndim=20, metric="cos", dtype="f16")
    earlier.add(np.arange(300), vectors, threads=1)  # the same each time
    index = PhotoIndex(np.frombuffer(earlier.save(), np.uint8))
    np.testing.assert_array_equal(nearest(vectors, index, 1)[0][:, 0], np.arange(300))


def test_an_index_finds_nothing_near_what_is_no_number() -> None:
    pytest.importorskip("usearch", reason="usearch is an extra")
    vectors = unit(np.random.default_rng(0).standard_normal((30, 20), dtype=np.float32))
    queries = np.array([np.full(20, np.nan), vectors[3]], np.float32)
    rows, cosines = nearest(queries, PhotoIndex(PhotoIndex.build(vectors)), 2)
    assert cosines[0].tolist() == [-1, -1]
    assert rows[1, 0] == 3 and cosines[1, 0] > 0.99


@pytest.mark.parametrize("size", [0, 10, 100, 5000, -1])
def test_an_index_that_is_cut_off_is_refused(size: int) -> None:
    pytest.importorskip("usearch", reason="usearch is an extra")
    vectors = unit(np.random.default_rng(0).standard_normal((200, 20), dtype=np.float32))
    with pytest.raises(PhotoIndexError, match="damaged"):
        PhotoIndex(PhotoIndex.build(vectors)[:size])
