from io import BytesIO

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from recommenders import copies
from tests.scenery import scenery

hashes = st.integers(0, 2**64 - 1)


SIZE = (480, 320)


@given(hashes, st.sets(st.integers(0, 63), max_size=copies.MAX_DISTANCE))
def test_two_hashes_within_the_distance_share_a_band(average_hash: int, flips: set[int]) -> None:
    other = average_hash
    for bit in flips:
        other ^= 1 << bit
    assert copies.distance(average_hash, other) == len(flips)
    pairs = zip(copies.bands(average_hash), copies.bands(other), strict=True)
    assert any(one == two for one, two in pairs)


@given(hashes)
def test_the_bands_hold_every_bit_and_fit_a_small_integer(average_hash: int) -> None:
    bands = copies.bands(average_hash)
    assert len(bands) == copies.BANDS
    together = 0
    for band, width in zip(bands, (13, 13, 13, 13, 12), strict=True):
        assert 0 <= band < 2**15
        together = together << width | band
    assert together == average_hash


@given(hashes)
def test_a_signed_hash_has_the_same_bits(average_hash: int) -> None:
    signed = copies.signed(average_hash)
    assert -(2**63) <= signed < 2**63
    assert signed % 2**64 == average_hash


@given(hashes, st.lists(hashes, max_size=40), st.integers(1, 10))
def test_the_nearest_come_first_and_no_more_than_asked(
    average_hash: int, others: list[int], limit: int
) -> None:
    stored = np.array([copies.signed(other) for other in others], dtype=np.int64)
    chosen = copies.nearest(average_hash, stored, max_distance=30, limit=limit)
    distances = [copies.distance(average_hash, others[index]) for index in chosen]
    every = sorted(copies.distance(average_hash, other) for other in others)
    assert distances == [distance for distance in every if distance <= 30][:limit]


def test_a_smaller_copy_of_low_quality_has_nearly_the_same_hashes() -> None:
    for seed in range(20):
        photo = scenery(seed, SIZE)
        file = BytesIO()
        photo.resize((320, 213)).save(file, "JPEG", quality=60)
        one = copies.hashes(photo)
        two = copies.hashes(Image.open(BytesIO(file.getvalue())))
        assert copies.distance(one.average, two.average) <= copies.MAX_DISTANCE
        bits = copies.distance(one.perceptual, two.perceptual)
        assert bits <= copies.MAX_PERCEPTUAL_DISTANCE


def test_different_photos_have_hashes_far_apart() -> None:
    found = [copies.hashes(scenery(seed, SIZE)) for seed in range(20)]
    pairs = [(a, b) for number, a in enumerate(found) for b in found[:number]]
    assert min(copies.distance(a.average, b.average) for a, b in pairs) > 4
    assert min(copies.distance(a.perceptual, b.perceptual) for a, b in pairs) > 60


@given(st.integers(0, 2**256 - 1), st.lists(st.integers(0, 2**256 - 1), max_size=9))
def test_perceptual_hashes_are_compared_bit_by_bit(one: int, others: list[int]) -> None:
    packed = b"".join(copies.packed(other) for other in others)
    rows = np.frombuffer(packed, np.uint8).reshape(-1, 32)
    bits = copies.perceptual_distances(one, rows)
    assert bits.tolist() == [copies.distance(one, other) for other in others]


def test_a_photo_of_one_colour_has_a_hash_too() -> None:
    hashes = copies.hashes(Image.new("RGB", (50, 80), "white"))
    assert 0 <= hashes.average < 2**64 and 0 <= hashes.perceptual < 2**256


def test_the_bits_are_read_row_by_row_from_the_top_left() -> None:
    photo = Image.new("L", (8, 8), 0)
    photo.putpixel((0, 0), 255)
    assert copies.hashes(photo).average == 1 << 63


def test_cosines_are_those_of_the_vectors_and_nothing_is_like_zero() -> None:
    one = np.array([3.0, 4.0], np.float32)
    many = np.array([[3, 4], [-3, -4], [4, -3], [0, 0]], np.float16)
    np.testing.assert_allclose(copies.cosines(one, many), [1, -1, 0, 0], atol=1e-6)


def test_colours_differ_by_the_mean_over_all_fields() -> None:
    photo = scenery(1, SIZE)
    one = copies.colours(photo)
    darker = copies.colours(photo.point(lambda shade: shade // 2))
    differences = copies.colour_differences(one, np.stack([one, darker]))
    assert one.shape == (copies.COLOURS,)
    assert differences[0] == 0 and abs(differences[1] - one.mean() / 2) < 1


def test_a_copy_has_nearly_the_colours_of_its_photo() -> None:
    for seed in range(20):
        file = BytesIO()
        scenery(seed, SIZE).resize((240, 160)).save(file, "JPEG", quality=40)
        copy = copies.colours(Image.open(BytesIO(file.getvalue())))
        (apart,) = copies.colour_differences(copies.colours(scenery(seed, SIZE)), copy[None])
        assert apart <= copies.MAX_COLOUR_DIFFERENCE


def test_one_flat_colour_is_near_nothing() -> None:
    flat = copies.colours(Image.new("L", (50, 80), 40))
    assert np.isinf(copies.colour_differences(flat, flat[None])).all()


def test_of_several_whose_colours_agree_the_nearest_hash_is_the_photos() -> None:
    bits = np.array([0, 20, 10, 25])
    differences = np.array([5, 1, 3, 0], np.float32)
    assert copies.most_alike_by_colours(bits, differences) == 2
    assert copies.most_alike_by_colours(bits[[0, 3]], differences[[0, 3]]) is None
