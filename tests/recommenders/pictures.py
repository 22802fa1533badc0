"""Image files made for tests: a picture with a colour in each corner, and bombs of a few bytes."""

import struct
import zlib
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()

RED, GREEN, BLUE, GREY = (230, 20, 30), (20, 200, 40), (30, 40, 220), (128, 128, 128)


def corners(width: int = 96, height: int = 64) -> Image.Image:
    """Red and green above, blue and grey below."""
    picture = Image.new("RGB", (width, height), RED)
    across, down = width // 2, height // 2
    picture.paste(GREEN, (across, 0, width, down))
    picture.paste(BLUE, (0, down, across, height))
    picture.paste(GREY, (across, down, width, height))
    return picture


def seen(photo: Image.Image) -> list[tuple[int, ...]]:
    """The colours of the four quarters: above left and right, below left and right."""
    width, height = photo.size
    middles = [(x, y) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    colours = [photo.getpixel(middle) for middle in middles]
    return [colour for colour in colours if isinstance(colour, tuple)]


def near(photo: Image.Image, *expected: tuple[int, ...], tolerance: int = 12) -> bool:
    """Whether the quarters have these colours, as nearly as a lossy format keeps them."""
    return [len(colour) for colour in seen(photo)] == [3] * 4 and all(
        abs(one - other) <= tolerance
        for have, want in zip(seen(photo), expected, strict=True)
        for one, other in zip(have, want, strict=True)
    )


def encoded(picture: Image.Image, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def orientation(value: int) -> bytes:
    """EXIF that says which way up a photo is: 1 to 8."""
    exif = Image.Exif()
    exif[0x0112] = value
    return exif.tobytes()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, depth: int, colour: int, row: bytes, rows: int, before: bytes = b""
) -> bytes:
    """A PNG whose header says one size, with ``rows`` times the same row of pixels in it.

    Args:
        depth, colour: as in its header; colour 0 is grey, 2 RGB, 3 palette, 4 and 6 with alpha.
        before: chunks that come before the pixels.
    """
    deflate = zlib.compressobj(1)
    pixels = b"".join(deflate.compress(b"\0" + row) for _ in range(rows)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + before
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def bombs() -> dict[str, bytes]:
    """Files of at most some kilobytes that announce enormous images."""
    small = corners()
    jpeg = bytearray(encoded(small, "JPEG"))
    size = jpeg.index(b"\xff\xc0") + 5
    jpeg[size : size + 4] = struct.pack(">HH", 65_500, 65_500)
    gif = bytearray(encoded(small, "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    bmp = bytearray(encoded(small, "BMP"))
    bmp[18:26] = struct.pack("<ii", 40_000, 40_000)
    webp = bytearray(encoded(small, "WEBP"))
    size = webp.index(b"\x9d\x01\x2a") + 3
    webp[size : size + 4] = struct.pack("<HH", 16_383, 16_383)
    tiff = bytearray(encoded(small, "TIFF"))
    for tag in (256, 257):  # width and height
        size = tiff.index(struct.pack("<HHI", tag, 4, 1)) + 8
        tiff[size : size + 4] = struct.pack("<I", 60_000)
    heic = bytearray(encoded(small, "HEIF"))
    size = heic.index(b"ispe") + 8
    heic[size : size + 8] = struct.pack(">II", 20_000, 20_000)
    avif = bytearray(encoded(small, "AVIF"))
    size = avif.index(b"ispe") + 8
    avif[size : size + 8] = struct.pack(">II", 16_000, 16_000)
    return {
        "PNG": png(20_000, 20_000, 8, 6, b"\0" * 4, 1),
        "PNG, one bit, whole": png(20_000, 20_000, 1, 0, b"\0" * 2500, 20_000),
        "JPEG": bytes(jpeg),
        "GIF": bytes(gif),
        "BMP": bytes(bmp),
        "WebP": bytes(webp),
        "TIFF": bytes(tiff),
        "HEIC": bytes(heic),
        "AVIF": bytes(avif),
    }


def tiled_tiff(side: int) -> bytes:
    """A TIFF of 16 by 16 pixels, in one tile of so many pixels on each side."""
    packer = zlib.compressobj(9)
    rows = [packer.compress(bytes(side)) for _ in range(side)]
    tile = b"".join([*rows, packer.flush()])
    grey, deflated = 1, 8
    tags = {256: 16, 257: 16, 258: 8, 259: deflated, 262: grey, 277: 1, 284: 1}
    tags |= {322: side, 323: side, 324: 8 + 2 + 12 * 11 + 4, 325: len(tile)}
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items()]
    header = b"II*\0" + struct.pack("<IH", 8, len(entries))
    return header + b"".join(entries) + bytes(4) + tile


def endless_jpeg(segments: int = 500_000) -> bytes:
    """A JPEG with so many segments of EXIF, which Pillow joins one by one."""
    photo = encoded(corners(), "JPEG")
    segment = b"\xff\xe1" + struct.pack(">H", 18) + b"Exif\0\0" + bytes(10)
    return photo[:2] + segments * segment + photo[2:]
