from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
import scipy.fft
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from recommenders import copies
from recommenders.copies import Hashes
from recommenders.cosine_transform import cosine_transform
from tests.scenery import BLUE, GREEN, RED, gradient, sale_card, scenery

hashes = st.integers(0, 2**64 - 1)


SIZE = (480, 320)


@given(hashes, st.sets(st.integers(0, 63), max_size=copies.MAX_DISTANCE))
def test_two_hashes_within_the_distance_share_a_band(average_hash: int, flips: set[int]) -> None:
    other = average_hash
    for bit in flips:
        other ^= 1 << bit
    assert copies.distance(average_hash, other) == len(flips)
    pairs = zip(Hashes(average_hash, 0).bands, Hashes(other, 0).bands, strict=True)
    assert any(one == two for one, two in pairs)


@given(hashes)
def test_the_bands_hold_every_bit_and_fit_a_small_integer(average_hash: int) -> None:
    bands = Hashes(average_hash, 0).bands
    assert len(bands) == copies.BANDS
    together = 0
    for band, width in zip(bands, (13, 13, 13, 13, 12), strict=True):
        assert 0 <= band < 2**15
        together = together << width | band
    assert together == average_hash


@given(hashes)
def test_a_signed_hash_has_the_same_bits(average_hash: int) -> None:
    signed = Hashes(average_hash, 0).signed_average
    assert -(2**63) <= signed < 2**63
    assert signed % 2**64 == average_hash


@given(hashes, st.lists(hashes, max_size=40), st.integers(1, 10))
def test_the_nearest_come_first_and_no_more_than_asked(
    average_hash: int, others: list[int], limit: int
) -> None:
    stored = np.array([Hashes(other, 0).signed_average for other in others], np.int64)
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
        assert bits <= copies.LIMITS.perceptual


def test_different_photos_have_hashes_far_apart() -> None:
    found = [copies.hashes(scenery(seed, SIZE)) for seed in range(20)]
    pairs = [(a, b) for number, a in enumerate(found) for b in found[:number]]
    assert min(copies.distance(a.average, b.average) for a, b in pairs) > 4
    assert min(copies.distance(a.perceptual, b.perceptual) for a, b in pairs) > 60


@given(st.integers(0, 2**256 - 1), st.lists(st.integers(0, 2**256 - 1), max_size=9))
def test_perceptual_hashes_are_compared_bit_by_bit(one: int, others: list[int]) -> None:
    packed = b"".join(Hashes(0, other).packed_perceptual for other in others)
    rows = np.frombuffer(packed, np.uint8).reshape(-1, 32)
    bits = copies.perceptual_distances(Hashes(0, one).packed_perceptual, rows)
    assert bits.tolist() == [copies.distance(one, other) for other in others]


def test_a_photo_of_one_colour_has_a_hash_too() -> None:
    hashes = copies.hashes(Image.new("RGB", (50, 80), "white"))
    assert 0 <= hashes.average < 2**64 and 0 <= hashes.perceptual < 2**256


@pytest.mark.parametrize(
    "size", [(480, 320), (320, 480), (333, 500), (801, 449), (128, 900), (64, 64), (70, 67), (9, 5)]
)
def test_hashes_are_those_of_copies_that_pillow_makes(size: tuple[int, int]) -> None:
    # Stored hashes are compared with them for years: no bit may differ.
    noise = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3))
    mirrored = np.maximum(noise, noise[:, ::-1]).astype(np.uint8)
    for photo in (scenery(1, size), Image.fromarray(mirrored), Image.new("RGB", size, RED)):
        left, top = (round(length * copies.CROP) for length in size)
        inner = photo.crop((left, top, size[0] - left, size[1] - top))
        hashes = copies.hashes(photo)
        assert hashes.cropped is not None
        assert [hashes.average, hashes.perceptual] == by_pillow(photo)
        assert [hashes.cropped.average, hashes.cropped.perceptual] == by_pillow(inner)


def by_pillow(photo: Image.Image) -> list[int]:
    """The average and the perceptual hash, step by step."""
    small, large = (
        np.asarray(photo.convert("L").resize((side, side), Image.Resampling.LANCZOS))
        for side in (8, 64)
    )
    low = scipy.fft.dct(scipy.fft.dct(large, axis=0), axis=1)[:16, :16]
    bits = (small > small.mean(), low > np.median(low))
    return [int.from_bytes(np.packbits(these).tobytes(), "big") for these in bits]


@pytest.mark.parametrize("mirrored", [False, True], ids=["photo", "mirrored"])
@pytest.mark.parametrize("shades", [2, 5, 256])
def test_the_cosine_transform_is_scipys_to_the_last_bit(mirrored: bool, shades: int) -> None:
    noise = np.random.default_rng(shades).integers(0, shades, (30, 64, 64)) * (255 // (shades - 1))
    for grey in np.maximum(noise, noise[:, :, ::-1]) if mirrored else noise:
        expected = scipy.fft.dct(scipy.fft.dct(grey, axis=0), axis=1)
        assert np.array_equal(cosine_transform(grey.astype(float)), expected)


def test_the_bits_are_read_row_by_row_from_the_top_left() -> None:
    photo = Image.new("L", (8, 8), 0)
    photo.putpixel((0, 0), 255)
    assert copies.hashes(photo).average == 1 << 63


def test_cosines_are_those_of_the_vectors_and_nothing_is_like_zero() -> None:
    one = np.array([3.0, 4.0], np.float32)
    many = np.array([[3, 4], [-3, -4], [4, -3], [0, 0]], np.float16)
    np.testing.assert_allclose(copies.cosines(one, many), [1, -1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(copies.cosines(one / 100, many / 10), [1, -1, 0, 0], atol=1e-3)


def copied(photo: Image.Image, quality: int = 60) -> Image.Image:
    """The photo at two thirds of its size, as a JPEG of low quality."""
    file = BytesIO()
    photo.resize((photo.width * 2 // 3, photo.height * 2 // 3)).save(file, "JPEG", quality=quality)
    return Image.open(BytesIO(file.getvalue()))


def cropped(photo: Image.Image, share: float = copies.CROP) -> Image.Image:
    left, top = round(photo.width * share), round(photo.height * share)
    return photo.crop((left, top, photo.width - left, photo.height - top))


def passes(one: copies.Hashes, other: copies.Hashes) -> bool:
    """Whether a photo passes for another by all its hashes."""
    for view, among_cropped, either in copies.looked_up(one):
        stored = other.cropped if among_cropped else other
        assert stored is not None and stored.colours is not None
        near = copies.nearest(view.average, np.array([stored.signed_average]))
        perceptual = np.frombuffer(stored.packed_perceptual, np.uint8)[None]
        colours = np.frombuffer(stored.colours, np.uint8)[None]
        if len(near) and copies.confirmed(view, perceptual, colours, cropped=either):
            return True
    return False


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(
    "change",
    [
        copied,
        lambda photo: copied(cropped(photo)),
        lambda photo: copied(cropped(photo, 0.025)),
        lambda photo: copied(ImageEnhance.Brightness(photo).enhance(1.2)),
        lambda photo: copied(ImageEnhance.Brightness(photo).enhance(0.85)),
        lambda photo: copied(photo, quality=40),
    ],
    ids=["smaller", "cropped", "cropped less", "brighter", "darker", "quality 40"],
)
def test_a_changed_copy_passes_for_its_photo_and_the_photo_for_it(
    seed: int, change: Callable[[Image.Image], Image.Image]
) -> None:
    photo = scenery(seed, SIZE)
    one, other = copies.hashes(photo), copies.hashes(change(photo))
    assert passes(one, other) and passes(other, one)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (sale_card(RED), sale_card(BLUE)),
        (sale_card(RED), sale_card(GREEN)),
        (sale_card(BLUE), sale_card(GREEN)),
        (gradient((250, 190, 60), (120, 20, 60)), gradient((190, 220, 230), (10, 60, 110))),
        (sale_card((200, 200, 200)), sale_card(RED)),
    ],
    ids=["red, blue", "red, green", "blue, green", "sunset, ocean", "grey, red"],
)
def test_pictures_of_one_layout_and_other_colours_are_no_copies(
    first: Image.Image, second: Image.Image
) -> None:
    one, other = copies.hashes(first), copies.hashes(second)
    assert not passes(one, other) and not passes(other, one)
    assert passes(one, copies.hashes(copied(first)))


@pytest.mark.parametrize("seed", range(10))
def test_a_shirt_of_another_colour_is_another_photo(seed: int) -> None:
    photos = []
    for colour in (RED, BLUE):
        photo = scenery(seed, SIZE)
        shirt = Image.blend(
            photo.crop((180, 100, 300, 240)), Image.new("RGB", (120, 140), colour), 0.8
        )
        photo.paste(shirt, (180, 100))
        photos.append(copies.hashes(photo))
    assert not passes(*photos)


@given(st.integers(0, 255), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_a_plain_picture_passes_for_nothing(shade: int, noise: int, seed: int) -> None:
    pixels = shade + np.random.default_rng(seed).integers(-noise, noise + 1, (60, 80, 3))
    plain = copies.hashes(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))
    assert plain.plain and not passes(plain, plain)


def test_a_line_of_text_on_white_is_not_plain() -> None:
    page = Image.new("RGB", SIZE, "white")
    page.paste((0, 0, 0), (60, 150, 420, 170))
    assert not copies.hashes(page).plain


colour_bytes = st.binary(min_size=copies.COLOUR_BYTES, max_size=copies.COLOUR_BYTES)


@given(colour_bytes, colour_bytes)
def test_colours_differ_alike_from_both_sides_and_not_from_themselves(
    one: bytes, other: bytes
) -> None:
    rows = np.stack([np.frombuffer(colours, np.uint8) for colours in (one, other)])
    same, apart = copies.colour_differences(one, rows)
    assert same == pytest.approx(0, abs=1e-3)
    assert apart == pytest.approx(copies.colour_differences(other, rows[:1])[0], rel=1e-4)
    assert copies.has_reason(one, rows)[0]


@given(colour_bytes, st.floats(0.75, 1.35))
def test_stronger_or_weaker_colours_are_of_the_same_hue(one: bytes, strength: float) -> None:
    row = np.frombuffer(one, np.uint8)
    changed = np.clip((row.astype(float) - 128) * strength + 128, 1, 255).round().astype(np.uint8)
    inside = np.abs((row.astype(float) - 128) * strength).max() < 127
    (apart,) = copies.colour_differences(one, changed[None])
    assert not inside or apart <= 2


def test_without_colours_the_hashes_decide() -> None:
    nothing = np.zeros((1, copies.COLOUR_BYTES), np.uint8)
    perceptual = np.zeros((1, copies.PERCEPTUAL_BYTES), np.uint8)
    assert copies.confirmed(copies.Hashes(0, 0b111), perceptual, nothing) == {0: 3}
    assert copies.confirmed(copies.Hashes(0, 2**12 - 1), perceptual, nothing) == {0: 12}
    assert copies.confirmed(copies.Hashes(0, 2**13 - 1), perceptual, nothing) == {}


def test_of_a_cropped_view_more_bits_may_differ_whatever_its_brightness() -> None:
    grey = np.full((copies.COLOUR_BYTES // 3, 3), 128, np.uint8)
    uneven = grey.copy()
    uneven[::2, 0], uneven[1::2, 0] = 118, 138  # as bright as a whole, and not in each field
    perceptual = np.zeros((1, copies.PERCEPTUAL_BYTES), np.uint8)
    view = copies.Hashes(0, 2**13 - 1, grey.tobytes())
    same_hue = copies.Limits(colours=0)
    others = perceptual, uneven.reshape(1, -1)
    assert copies.confirmed(view, *others, limits=same_hue) == {}
    assert copies.confirmed(view, *others, limits=same_hue, cropped=True) == {0: 13}
