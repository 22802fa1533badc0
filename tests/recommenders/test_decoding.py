"""Photos come out of every format and mode with the colours and the way up that people see."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import DTypeLike, NDArray
from PIL import Image

from recommenders.photos import LONGEST, WORKING_SIDE, decode
from tests.recommenders.pictures import (
    BLUE,
    GREEN,
    GREY,
    RED,
    chunk,
    corners,
    encoded,
    near,
    orientation,
    png,
    seen,
)

CORNERS = (RED, GREEN, BLUE, GREY)
WHITE = (255, 255, 255)
UPRIGHT = {
    1: (RED, GREEN, BLUE, GREY),
    2: (GREEN, RED, GREY, BLUE),
    3: (GREY, BLUE, GREEN, RED),
    4: (BLUE, GREY, RED, GREEN),
    5: (RED, BLUE, GREEN, GREY),
    6: (BLUE, RED, GREY, GREEN),
    7: (GREY, GREEN, BLUE, RED),
    8: (GREEN, GREY, RED, BLUE),
}
"""EXIF's orientation to the corners as they are to be seen."""


def levels(top: float, kind: DTypeLike) -> NDArray[np.generic]:
    """(64, 96) black, a third, two thirds and white in quarters, white being ``top``."""
    grey = np.array([[0, top / 3], [2 * top / 3, top]])
    return grey.repeat(32, axis=0).repeat(48, axis=1).astype(kind)


def greys(photo: Image.Image) -> list[int]:
    """The quarters of a grey photo."""
    assert all(red == green == blue for red, green, blue in seen(photo))
    return [red for red, _, _ in seen(photo)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF"])
def test_every_format_keeps_its_colours(kind: str, tmp_path: Path) -> None:
    data = encoded(corners(), kind)
    photo = decode(data)
    assert (photo.mode, photo.size) == ("RGB", (96, 64))
    assert near(photo, *CORNERS)
    file = tmp_path / "photo"
    file.write_bytes(data)
    assert decode(file) == photo


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        *[(mode, kind) for mode in ("CMYK", "YCbCr") for kind in ("JPEG", "TIFF")],
        *[("P", kind) for kind in ("PNG", "GIF", "BMP", "TIFF")],
        *[("LAB", "TIFF"), ("RGBA", "PNG"), ("RGBA", "WEBP")],
    ],
)
def test_every_colour_mode_keeps_its_colours(mode: str, kind: str) -> None:
    picture = corners().quantize(8) if mode == "P" else corners().convert(mode)
    assert near(decode(encoded(picture, kind)), *CORNERS)


def test_progressive_jpegs_are_read() -> None:
    assert near(decode(encoded(corners(), "JPEG", progressive=True)), *CORNERS)


def test_the_first_picture_of_several_in_a_jpeg_is_taken() -> None:
    other = Image.new("RGB", (96, 64), "white")
    data = encoded(corners(), "MPO", save_all=True, append_images=[other])
    assert near(decode(data), *CORNERS)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_the_first_frame_of_an_animation_is_taken(kind: str) -> None:
    second = Image.new("RGB", (96, 64), "white")
    data = encoded(corners(), kind, save_all=True, append_images=[second, second.rotate(90)])
    assert near(decode(data), *CORNERS)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF"])
@pytest.mark.parametrize("value", UPRIGHT)
def test_a_photo_is_turned_upright(value: int, kind: str) -> None:
    photo = decode(encoded(corners(), kind, exif=orientation(value)))
    assert photo.size == ((96, 64) if value < 5 else (64, 96))
    assert near(photo, *UPRIGHT[value])
    assert decode(encoded(photo, "PNG")) == photo  # and is not turned a second time


def test_a_large_photo_is_turned_upright_as_well() -> None:
    for kind in ("JPEG", "PNG"):
        photo = decode(encoded(corners(1920, 1440), kind, exif=orientation(6)))
        assert photo.height == photo.width * 4 // 3
        assert near(photo, *UPRIGHT[6])


@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0nonsense" + b"\xff" * 40, orientation(6)[:20], orientation(9), orientation(0)],
    ids=["nonsense", "cut off", "nine", "zero"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_exif_spoils_no_photo(exif: bytes) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        assert near(decode(encoded(corners(), kind, exif=exif)), *CORNERS)


def test_transparent_parts_are_white() -> None:
    clear = corners().convert("RGBA")
    clear.paste((0, 0, 0, 0), (0, 0, 48, 32))
    for kind in ("PNG", "WEBP", "TIFF", "HEIF", "AVIF"):
        assert near(decode(encoded(clear, kind)), WHITE, GREEN, BLUE, GREY), kind
    half = Image.new("RGBA", (96, 64), (0, 0, 0, 128))
    assert near(decode(encoded(half, "PNG")), *[(127, 127, 127)] * 4)


def test_a_transparent_palette_colour_is_white() -> None:
    palette = corners().quantize(4)
    cleared = palette.getpixel((1, 1))
    for kind in ("PNG", "GIF"):
        photo = decode(encoded(palette, kind, transparency=cleared))
        assert near(photo, WHITE, GREEN, BLUE, GREY)
    several = bytes([255, 255, 255, 0])
    assert seen(decode(encoded(palette, "PNG", transparency=several))).count(WHITE) == 1


def test_a_transparent_colour_is_white() -> None:
    assert near(decode(encoded(corners(), "PNG", transparency=RED)), WHITE, GREEN, BLUE, GREY)


def test_grey_with_alpha_is_read() -> None:
    shades = Image.fromarray(levels(255, np.uint8)).convert("LA")
    for kind in ("PNG", "TIFF"):
        assert greys(decode(encoded(shades, kind))) == [0, 85, 170, 255]
    shades.putalpha(0)
    assert near(decode(encoded(shades, "PNG")), *[WHITE] * 4)


def test_one_bit_a_pixel_is_black_and_white() -> None:
    stripes = Image.new("1", (96, 64), 1)
    stripes.paste(0, (0, 0, 48, 64))
    for kind in ("PNG", "GIF", "BMP", "TIFF"):
        assert greys(decode(encoded(stripes, kind))) == [0, 255, 0, 255]


def test_grey_jpegs_are_read() -> None:
    shades = Image.fromarray(levels(255, np.uint8))
    assert np.allclose(greys(decode(encoded(shades, "JPEG"))), [0, 85, 170, 255], atol=2)


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_sixteen_bits_of_grey_are_scaled_not_clipped(kind: str) -> None:
    shades = Image.fromarray(levels(65535, kind))
    for file in ("PNG", "TIFF"):
        assert greys(decode(encoded(shades, file))) == [0, 85, 170, 255]


@pytest.mark.parametrize("kind", ["<u2", ">u2"])
def test_twelve_bits_of_grey_in_a_tiff_are_no_dark_photo(kind: str) -> None:
    shades = Image.fromarray(levels(4095, kind))
    assert greys(decode(encoded(shades, "TIFF"))) == [0, 85, 170, 255]


def test_a_dark_sixteen_bit_photo_stays_dark() -> None:
    assert max(greys(decode(encoded(Image.fromarray(levels(255, np.uint16)), "PNG")))) <= 1


def test_sixteen_bits_of_colour_are_scaled() -> None:
    row = b"\xe6\x00\x14\x00\x1e\x00" * 4
    assert decode(png(4, 4, 16, 2, row, 4)).getpixel((1, 1)) == RED
    row = b"\xe6\x00\x14\x00\x1e\x00\x00\x00" * 4
    assert decode(png(4, 4, 16, 6, row, 4)).getpixel((1, 1)) == WHITE


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 1e6])
def test_floats_are_scaled_by_their_range(top: float) -> None:
    data = encoded(Image.fromarray(levels(top, np.float32)), "TIFF")
    assert np.allclose(greys(decode(data)), [0, 85, 170, 255], atol=1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_floats_that_are_no_numbers_spoil_nothing(value: float) -> None:
    values = levels(255, np.float32)
    values[:4] = value
    assert greys(decode(encoded(Image.fromarray(values), "TIFF")))[1:] == [85, 170, 255]


def test_integers_of_thirty_two_bits_are_scaled() -> None:
    for top in (255, 65535, 1_000_000):
        shades = Image.fromarray(levels(top, np.int32))
        assert np.allclose(greys(decode(encoded(shades, "TIFF"))), [0, 85, 170, 255], atol=1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_a_large_photo_comes_at_a_working_size(kind: str) -> None:
    photo = decode(encoded(corners(2000, 1500), kind))
    assert WORKING_SIDE <= min(photo.size) < 2 * WORKING_SIDE
    assert photo.width / photo.height == pytest.approx(4 / 3, rel=0.01)
    assert near(photo, *CORNERS)


def test_a_small_photo_keeps_its_size() -> None:
    for size in ((1, 1), (3, 500), (WORKING_SIDE, WORKING_SIDE), (1200, WORKING_SIDE)):
        for kind in ("JPEG", "PNG"):
            assert decode(encoded(corners(*size), kind)).size == size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_long_thin_photos_are_reduced_like_others(kind: str) -> None:
    longest = LONGEST * WORKING_SIDE
    for size in ((9_000, 96), (96, 9_000), (16_000, 2)):
        photo = decode(encoded(corners(*size), kind))
        assert longest <= max(photo.size) < 2 * longest
        assert photo.width * size[1] == pytest.approx(photo.height * size[0], rel=0.02) or 2 in size
        assert near(photo, *CORNERS, tolerance=120 if 2 in size else 12)


def test_a_jpeg_that_lacks_its_end_mark_alone_is_a_photo() -> None:
    noise = Image.effect_noise((640, 480), 90).convert("RGB")
    for picture in (noise, corners(1920, 1440)):
        for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}):
            data = encoded(picture, "JPEG", **options)
            for less in (1, 2):
                assert decode(data[:-less]) == decode(data)


def test_reducing_in_bands_leaves_no_seam() -> None:
    down = np.linspace(0, 255, 4000).astype(np.uint8)
    slope = Image.fromarray(np.broadcast_to(down[:, None], (4000, 3001)).copy())
    photo = decode(encoded(slope, "PNG"))
    whole = slope.convert("RGB").reduce(3001 // WORKING_SIDE)
    assert photo.size == whole.size
    assert np.abs(np.asarray(photo, int) - np.asarray(whole, int)).max() <= 1


def test_large_photos_of_every_mode_are_reduced_with_their_colours() -> None:
    shades = np.kron(levels(65535, np.uint16), np.ones((16, 16), np.uint16))
    assert greys(decode(encoded(Image.fromarray(shades), "PNG"))) == [0, 85, 170, 255]
    floats = (shades / 65535).astype(np.float32)
    assert greys(decode(encoded(Image.fromarray(floats), "TIFF"))) == [0, 85, 170, 255]
    large = corners(1200, 900)
    palette = large.quantize(4)
    for picture in (palette, large.convert("RGBA"), large.convert("LA"), large.convert("CMYK")):
        photo = decode(encoded(picture, "TIFF"))
        assert photo.size == (400, 300)
        assert near(photo, *seen(picture.convert("RGB")))
    data = encoded(palette, "PNG", transparency=palette.getpixel((1, 1)))
    assert near(decode(data), WHITE, GREEN, BLUE, GREY)


def test_what_stands_after_the_image_does_not_matter() -> None:
    # Phones put a short video behind a photo, where any bytes may occur.
    data = encoded(corners(), "JPEG", progressive=True) + b"\xff\xda" * 500 + bytes(1000)
    assert near(decode(data), *CORNERS)


def test_text_beside_the_pixels_does_not_matter() -> None:
    notes = chunk(b"tEXt", b"Comment\0" + b"x" * 10_000)
    assert decode(png(4, 4, 8, 2, bytes(RED) * 4, 4, before=notes)).getpixel((0, 0)) == RED


def test_the_photo_no_longer_hangs_on_its_file() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "HEIF"):
        photo = decode(encoded(corners(), kind))
        assert type(photo) is Image.Image
        again = BytesIO()
        photo.save(again, "PNG")
        assert near(Image.open(again), *CORNERS)
