"""Whatever a stranger sends, decoding gives a photo or a PhotoError, at a bounded cost."""

import re
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from recommenders.photos import MAX_BYTES, MAX_PIXELS, MAX_WEBP_PIXELS, PhotoError, decode
from tests.recommenders.pictures import bombs as make_bombs
from tests.recommenders.pictures import chunk, corners, encoded, orientation, png

# Pillow warns of damaged metadata, which spoils nothing.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore:Image size")

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "HEIF", "AVIF")


@pytest.fixture(scope="module")
def bombs() -> dict[str, bytes]:
    return make_bombs()


def reason(source: bytes | Path) -> str:
    with pytest.raises(PhotoError) as caught:
        decode(source)
    sentence = str(caught.value)
    assert re.fullmatch(r"[a-z].{5,150}", sentence), sentence
    return caught.value.reason


def test_an_empty_file_is_named_so(tmp_path: Path) -> None:
    assert reason(b"") == "empty"
    (tmp_path / "empty.jpg").touch()
    assert reason(tmp_path / "empty.jpg") == "empty"


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"\0",
        bytes(100_000),
        b"<html><body>404</body></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        b"%PDF-1.7\n",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"PK\3\4" + bytes(50),
        b"RIFF\x24\0\0\0WAVEfmt " + bytes(50),
        b"\0\0\0\x18ftypisom" + bytes(50),
        b"\x1aE\xdf\xa3" + bytes(50),
        encoded(corners(), "PPM"),
        encoded(corners(), "ICO"),
    ],
    ids=lambda data: repr(data[:12]),
)
def test_what_is_no_image_is_named_so(data: bytes) -> None:
    assert reason(data) == "not_an_image"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [0.3, 0.5, 0.75, 0.95])
def test_a_file_that_is_cut_off_is_named_so(kind: str, kept: float) -> None:
    noise = Image.effect_noise((96, 64), 90).convert("RGB")
    data = encoded(noise, kind)
    decode(data)
    assert reason(data[: int(kept * len(data))]) == "truncated"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF", "AVIF"])
def test_a_header_alone_is_named_cut_off(kind: str) -> None:
    assert reason(encoded(corners(), kind)[:14]) == "truncated"


def test_a_large_photo_that_is_cut_off_is_not_answered_in_part() -> None:
    noise = Image.effect_noise((1600, 1200), 90).convert("RGB")
    for options in ({}, {"progressive": True}):
        data = encoded(noise, "JPEG", **options)
        assert reason(data[: len(data) // 2]) == "truncated"


@pytest.mark.parametrize("less", [4, 5, 10, 100])
def test_a_jpeg_that_lacks_some_of_its_last_pixels_is_named_cut_off(less: int) -> None:
    noise = Image.effect_noise((640, 480), 90).convert("RGB")
    for options in ({}, {"progressive": True}, {"restart_marker_rows": 1}):
        assert reason(encoded(noise, "JPEG", **options)[:-less]) == "truncated"


def test_damaged_pixels_are_named_so() -> None:
    data = bytearray(encoded(Image.effect_noise((96, 64), 90), "PNG"))
    data[len(data) // 2] ^= 0xFF
    assert reason(bytes(data)) == "truncated"
    assert reason(png(4, 4, 8, 2, b"\xff", 1)) == "truncated"


@pytest.mark.parametrize("size", [(0, 0), (0, 64), (96, 0)])
def test_an_image_without_pixels_is_named_so(size: tuple[int, int]) -> None:
    width, height = size
    assert reason(png(width, height, 8, 2, b"", 0)) == "no_pixels"
    gif = bytearray(encoded(corners(), "GIF"))
    gif[6:10] = struct.pack("<HH", *size)
    at = gif.index(b"\x2c\0\0\0\0") + 5
    gif[at : at + 4] = struct.pack("<HH", *size)
    assert reason(bytes(gif)) == "no_pixels"
    bmp = bytearray(encoded(corners(), "BMP"))
    bmp[18:26] = struct.pack("<ii", *size)
    assert reason(bytes(bmp)) == "no_pixels"
    jpeg = bytearray(encoded(corners(), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", height, width)
    assert reason(bytes(jpeg)) == "no_pixels"


def test_a_file_over_twenty_megabytes_is_not_even_looked_at(tmp_path: Path) -> None:
    data = encoded(corners(), "PNG")
    decode(data + bytes(MAX_BYTES - len(data)))
    assert reason(data + bytes(MAX_BYTES - len(data) + 1)) == "too_large"
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(10 * 2**40 if sys.platform == "linux" else MAX_BYTES + 1)
    assert reason(tmp_path / "large.jpg") == "too_large"


def test_a_path_that_cannot_be_opened_is_named_so(tmp_path: Path) -> None:
    assert reason(tmp_path) == "unreadable"
    assert reason(tmp_path / "missing.jpg") == "unreadable"
    assert reason(tmp_path / ("x" * 5000)) == "unreadable"
    assert reason(Path("a\0b")) == "unreadable"
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    assert reason(loop) == "unreadable"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_file_without_end_is_left_in_time() -> None:
    assert reason(Path("/dev/zero")) == "too_large"


@pytest.mark.filterwarnings("error::Warning")
def test_an_image_of_too_many_pixels_is_refused_by_its_header(bombs: dict[str, bytes]) -> None:
    assert {name: reason(data) for name, data in bombs.items()} == dict.fromkeys(
        bombs, "too_many_pixels"
    )
    assert reason(png(10_000, 10_000, 8, 2, b"", 0)) == "too_many_pixels"


def test_the_limit_on_pixels_is_the_one_that_is_told() -> None:
    with pytest.raises(PhotoError, match=r"8001×8000, at most 64 megapixels"):
        decode(png(8001, 8000, 8, 2, b"", 0))
    assert reason(png(8000, 8000, 8, 2, b"", 0)) == "truncated"  # allowed, but nothing in it


def test_a_side_of_millions_of_pixels_is_refused_by_the_header() -> None:
    for size in ((2, 30_000_000), (30_001, 1)):
        with pytest.raises(PhotoError, match=r"at most 30,000 pixels a side") as caught:
            decode(png(*size, 8, 2, b"", 0))
        assert caught.value.reason == "too_long"
    assert reason(png(30_000, 1, 8, 2, b"", 0)) == "truncated"  # allowed, but nothing in it


def test_bombs_and_large_photos_cost_little_memory(bombs: dict[str, bytes], tmp_path: Path) -> None:
    status = Path("/proc/self/status")
    if not status.exists() or "VmHWM" not in status.read_text():
        pytest.skip("needs Linux to tell how much memory was used")
    side = 4000
    palette = chunk(b"PLTE", bytes(range(256)) * 3) + chunk(b"tRNS", bytes(range(256)))
    grey = Image.fromarray(np.full((side, side), 60_000, np.uint16))
    several = {
        "TIFF of 16 bits": encoded(grey, "TIFF", compression="tiff_deflate"),
        "palette": png(side, side, 8, 3, b"\x22" * side, side, palette),
        "grey of 16 bits": png(side, side, 16, 0, b"\x22" * 2 * side, side),
        "RGBA": png(side, side, 8, 6, b"\x22" * 4 * side, side),
        "large WebP": encoded(Image.new("RGB", (side, side)), "WEBP", method=0, quality=1),
    }
    files = []
    for name, data in (bombs | several).items():
        (tmp_path / name).write_bytes(data)
        files.append(str(tmp_path / name))
    child = subprocess.run(
        [sys.executable, "-c", _MEASURE + _ONE_BY_ONE, *files],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 0, child.stderr
    took = dict(zip([*bombs, *several], map(int, child.stdout.split()), strict=True))
    megapixels = side * side / 1e6
    # The peak only grows, so the cheap ones are measured first.
    assert max(took[name] for name in bombs) < 50
    assert took["TIFF of 16 bits"] / megapixels * MAX_PIXELS / 1e6 < 250
    assert took["grey of 16 bits"] / megapixels * MAX_PIXELS / 1e6 < 450
    assert took["RGBA"] / megapixels * MAX_PIXELS / 1e6 < 450
    assert took["large WebP"] / megapixels * MAX_WEBP_PIXELS / 1e6 < 650


def test_photos_that_are_decoded_at_a_time_share_a_budget(tmp_path: Path) -> None:
    status = Path("/proc/self/status")
    if not status.exists() or "VmHWM" not in status.read_text():
        pytest.skip("needs Linux to tell how much memory was used")
    side = 3300  # more than half of the budget
    bomb = tmp_path / "bomb.webp"
    bomb.write_bytes(encoded(Image.new("RGB", (side, side)), "WEBP", lossless=True, method=0))
    child = subprocess.run(
        [sys.executable, "-c", _MEASURE + _TOGETHER, *[bomb] * 4],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 0, child.stderr
    alone = 16 * side * side / 2**20
    assert 0.5 * alone < int(child.stdout.split()[-1]) < 1.6 * alone


_MEASURE = """
import sys
from pathlib import Path
from PIL import Image
from recommenders.photos import PhotoError, decode

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))

Image.init()
start = peak()
"""
_ONE_BY_ONE = """
for file in map(Path, sys.argv[1:]):
    try:
        decode(file)
    except PhotoError:
        pass
    print(peak() - start)
"""
_TOGETHER = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as threads:
    list(threads.map(decode, map(Path, sys.argv[1:])))
print(peak() - start)
"""


def test_a_jpeg_of_thousands_of_scans_is_refused_at_once() -> None:
    data = encoded(Image.new("L", (2000, 2000)), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    decode(data[:-2] + 20 * scan + data[-2:])
    assert reason(data[:-2] + 5000 * scan + data[-2:]) == "truncated"


SMALL = {
    kind: encoded(corners(), kind, **({"exif": orientation(6)} if kind != "GIF" else {}))
    for kind in KINDS
    if kind != "BMP"
} | {
    "progressive JPEG": encoded(corners(), "JPEG", progressive=True),
    "palette PNG": encoded(corners().quantize(9), "PNG", transparency=2),
    "lossless WebP": encoded(corners().convert("RGBA"), "WEBP", lossless=True),
    "animated WebP": encoded(corners(), "WEBP", save_all=True, append_images=[corners()]),
    "deflated TIFF": encoded(corners().convert("F"), "TIFF", compression="tiff_deflate"),
    "TIFF of JPEG": encoded(corners(), "TIFF", compression="jpeg"),
    "BMP": encoded(corners(), "BMP"),
}

changes = st.lists(
    st.tuples(
        # Headers decide: most changes go there.
        st.one_of(st.integers(0, 60), st.integers(0, 400), st.integers(0, 20_000)),
        st.integers(0, 4),
        st.one_of(
            st.sampled_from([b"", b"\0", b"\xff", b"\x7f\xff\xff\xff"]), st.binary(max_size=6)
        ),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(SMALL)), changes, st.one_of(st.none(), st.integers(0, 5000)))
@example("JPEG", [(20, 0, b"\xff\xda" * 60)], None)
def test_nothing_but_a_photo_error_comes_of_damage(
    kind: str, replacements: list[tuple[int, int, bytes]], end: int | None
) -> None:
    data = bytearray(SMALL[kind])
    for at, length, instead in replacements:
        at %= len(data) + 1
        data[at : at + length] = instead
    _photo_or_error(bytes(data[:end]))


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 70_000),
    st.integers(0, 70_000),
    st.sampled_from([1, 2, 4, 8, 16]),
    st.sampled_from([0, 2, 3, 4, 6]),
    st.binary(max_size=40),
    st.lists(
        st.tuples(st.sampled_from([b"tRNS", b"PLTE", b"eXIf", b"acTL", b"fcTL", b"iCCP", b"zTXt"]),
                  st.binary(max_size=60)),
        max_size=3,
    ),
)  # fmt: skip
def test_nothing_but_a_photo_error_comes_of_an_odd_png(
    width: int, height: int, depth: int, colour: int, row: bytes, extra: list[tuple[bytes, bytes]]
) -> None:
    before = b"".join(chunk(kind, data) for kind, data in extra)
    _photo_or_error(png(width, height, depth, colour, row, 3, before))


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\0\x08\0\0\0"]),
    st.binary(max_size=200),
)
def test_nothing_but_a_photo_error_comes_of_any_bytes(start: bytes, rest: bytes) -> None:
    _photo_or_error(start + rest)


def _photo_or_error(data: bytes) -> None:
    try:
        photo = decode(data)
    except PhotoError as error:
        assert str(error)
    else:
        assert photo.mode == "RGB"
        assert 0 < photo.width * photo.height <= MAX_PIXELS
        photo.resize((8, 8))
