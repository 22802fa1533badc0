"""Renders the photos of the screenshots: a sunset, a mountain lake, daisies.

They are computed, so nobody's photo is shown and anybody may use them. The same code gives the
same pixels.

    python docs/make_photos.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Floats = NDArray[np.float32]

SIZE = (1280, 960)
"""Width and height in pixels."""


def colour(text: str) -> Floats:
    """``"ff8000"`` as linear light (3,), 0 to 1."""
    return (np.array(list(bytes.fromhex(text)), np.float32) / 255) ** np.float32(2.2)


def picture(light: Floats, grain: float = 0.012, seed: int = 0) -> Image.Image:
    """Linear light (height, width, 3) as a photo: highlights roll off, and a sensor's grain."""
    light = np.clip(light, 0, None)
    light = light * (1 + light / 4) / (1 + light * 0.75)
    noise = np.random.default_rng(seed).normal(0, grain, (*light.shape[:2], 1))
    values = np.clip(np.clip(light, 0, 1) ** (1 / 2.2) + noise, 0, 1)
    return Image.fromarray((values * 255).astype(np.uint8))


def resized(values: Floats, width: int, height: int) -> Floats:
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32)


def noise(
    rng: np.random.Generator,
    width: int,
    height: int,
    cells: float,
    octaves: int,
    *,
    tall: float = 1,
) -> Floats:
    """Smooth noise (height, width) of about 0 to 1: ``cells`` lumps across, then finer ones.

    Args:
        tall: how much taller than wide a lump is.
    """
    total = np.zeros((height, width), np.float32)
    amplitude = 0.5
    for octave in range(octaves):
        across = cells * 2**octave
        grid = rng.random(
            (max(2, int(across * height / width / tall) + 3), max(2, int(across) + 3))
        )
        total += amplitude * resized(grid.astype(np.float32), width, height)
        amplitude /= 2
    return total / (1 - 0.5**octaves)


def smoothstep(low: float, high: float, values: Floats) -> Floats:
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(first: Floats, second: Floats, share: Floats) -> Floats:
    return first + (second - first) * share[..., None]


def between(values: Floats, row: float, columns: Floats) -> Floats:
    """``values`` (rows, columns, ...) at a row and at columns that are no whole numbers."""
    top, left = int(row), columns.astype(int)
    down, right = np.float32(row - top), (columns - left).astype(np.float32)
    right = right.reshape(-1, *[1] * (values.ndim - 2))
    upper = values[top, left] * (1 - right) + values[top, left + 1] * right
    lower = values[top + 1, left] * (1 - right) + values[top + 1, left + 1] * right
    return upper * (1 - down) + lower * down


def blurred(light: Floats, radius: float) -> Floats:
    """Linear light out of focus; each channel on its own, since Pillow blurs no RGB floats."""
    image = Image.fromarray((np.clip(light, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))
    values = np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), np.float32) / 255
    return values ** np.float32(2.2)


def sunset() -> Image.Image:
    """The sun low over the sea, its light on the waves."""
    width, height = SIZE
    rng = np.random.default_rng(7)
    horizon, focal = 0.52 * height, 1.1 * width
    sun_across, sun_up = 0.06, 0.055

    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    across = ((columns - width / 2) / focal).astype(np.float32)
    up = ((horizon - rows) / focal).astype(np.float32)

    def sky(across: Floats, up: Floats) -> Floats:
        up = np.maximum(up, 0)
        light = mix(colour("ffb45e"), colour("e2725b"), smoothstep(0, 0.12, up))
        light = mix(light, colour("6b5b8f"), smoothstep(0.08, 0.32, up))
        light = mix(light, colour("2b3a67"), smoothstep(0.25, 0.6, up))
        away = np.hypot(across - sun_across, up - sun_up)
        light = light + colour("ff9a3c") * (0.9 * np.exp(-away * 9))[..., None]
        light = light + colour("ffd9a0") * (1.6 * np.exp(-away * 38))[..., None]
        disc = 1 - smoothstep(0.020, 0.0225, away)
        return light + colour("fff3d0") * (5 * disc)[..., None]

    image = sky(across, up)

    # Clouds lie flat, so they crowd and thin out towards the horizon.
    cover = np.zeros((height, width), np.float32)
    top = int(horizon)
    texture = noise(rng, 2048, 2048, 5, 7, tall=0.35)
    distance = 0.11 / (up[:top] + 0.06)
    texture_rows = (distance * 900).astype(int) % 2048
    texture_columns = (across[:top] * distance * 1500 + 1000).astype(int) % 2048
    cover[:top] = smoothstep(0.52, 0.74, texture[texture_rows, texture_columns])
    cover *= smoothstep(0.02, 0.14, up) * 0.9
    near_sun = np.exp(-np.hypot(across - sun_across, (up - sun_up) * 0.8) * 4.5)
    lit = mix(colour("54456f"), colour("ff8f5a") * 1.5, near_sun)
    image = mix(image, lit, cover)

    # Waves: many sines over the water's plane; those finer than a pixel far out are left out.
    sea = slice(top + 1, height)
    depth = 1.6 * focal / (rows[sea] - horizon).astype(np.float32)
    x, z = across[sea] * depth, depth
    slope_x, slope_z = np.zeros_like(x), np.zeros_like(x)
    pixel = depth**2 / (1.6 * focal)
    for _ in range(70):
        length = float(np.exp(rng.uniform(np.log(0.12), np.log(7))))
        heading = rng.normal(0, 0.6)
        phase = rng.uniform(0, 2 * np.pi)
        number = 2 * np.pi / length
        there = np.exp(-((pixel / length) ** 2) * 2)
        wave = 0.021 * there * np.cos(number * (x * np.sin(heading) + z * np.cos(heading)) + phase)
        slope_x += wave * np.sin(heading)
        slope_z += wave * np.cos(heading)
    # What is too fine to be seen as waves still spreads the sun's light.
    rough = 0.035 + 0.05 * smoothstep(5, 200, depth)
    slope_x += rng.normal(0, 1, x.shape).astype(np.float32) * rough * 0.35
    slope_z += rng.normal(0, 1, x.shape).astype(np.float32) * rough
    down = -up[sea]
    mirrored_up = np.abs(down + 2 * slope_z)
    mirrored_across = across[sea] + 2 * slope_x
    facing = np.clip(down + slope_z, 0.02, 1)
    fresnel = 0.06 + 0.94 * (1 - facing) ** 5
    reflected = np.minimum(sky(mirrored_across, mirrored_up), 4.5)
    image[sea] = colour("10222e") * 0.6 + reflected * (0.82 * fresnel)[..., None]
    haze = np.exp(-(rows[sea] - horizon) / 14).astype(np.float32)
    image[sea] = mix(image[sea], colour("ffb877") * 0.8, haze * 0.55)
    return picture(image * 0.95, 0.008)


def mountains() -> Image.Image:
    """Snowy peaks and a wood, mirrored in a still lake."""
    width, height = SIZE
    rng = np.random.default_rng(21)
    side = 2048
    ridges = np.zeros((side, side), np.float32)
    amplitude, weight = 0.5, np.ones((side, side), np.float32)
    for octave in range(9):
        lumps = noise(rng, side, side, 3.6 * 1.95**octave, 1)
        ridge = (1 - np.abs(lumps * 2 - 1)) ** 2
        ridges += amplitude * ridge * weight
        # Valleys stay smooth, crests get the detail.
        weight = np.clip(ridge * 1.6, 0, 1)
        amplitude *= 0.5
    away = np.linspace(0, 1, side, dtype=np.float32)[:, None]
    shore = noise(rng, side, side, 5, 4)
    land = ridges * smoothstep(0.30, 0.78, away) * 0.62
    land = land + (shore - 0.42) * 0.16 * smoothstep(0.16, 0.3, away) - 0.02
    gradient_z, gradient_x = np.gradient(land * side * 0.24)
    steep = np.hypot(gradient_x, gradient_z)
    wood = smoothstep(0.36, 0.52, noise(rng, side, side, 18, 4))
    trees = wood * (1 - smoothstep(0.11, 0.17, land)) * (1 - smoothstep(0.8, 1.3, steep))
    trees = trees * (land > 0.003)
    spikes = noise(rng, side, side, 700, 1) ** 2
    land = land + trees * (0.003 + 0.02 * spikes)

    gradient_z, gradient_x = np.gradient(land * side * 0.24)
    normal = 1 / np.sqrt(1 + gradient_x**2 + gradient_z**2)
    sun = np.array([-0.66, 0.52, -0.30], np.float32)
    sun /= np.linalg.norm(sun)
    lit = np.clip((-gradient_x * sun[0] + sun[1] - gradient_z * sun[2]) * normal, 0, 1)
    patches = noise(rng, side, side, 90, 4)
    snow = smoothstep(0.16, 0.24, land + (patches - 0.5) * 0.14) * smoothstep(0.50, 0.68, normal)
    rock = mix(colour("4f4c4b"), colour("8b847c"), patches)
    ground = mix(rock, colour("66743f"), (1 - smoothstep(0.06, 0.15, land)) * 0.85)
    ground = mix(ground, colour("f4f7fc"), snow)
    ground = mix(ground, colour("1d3420") * 1.1, trees * (0.7 + 0.3 * spikes))
    shaded = ground * (colour("fff0d8") * 1.6 * lit[..., None] + colour("9db8e0") * 0.40)

    focal, eye, horizon = 1.25 * width, 0.012, 0.62 * height
    across = (np.arange(width) - width / 2) / focal
    image = np.zeros((height, width, 3), np.float32)
    reached = np.full(width, horizon, np.float32)
    rows = np.arange(height)[:, None]
    for distance in np.geomspace(0.1, 0.99, 1800):
        z = distance * (side - 2)
        x = np.clip((0.5 + across * distance) * side, 0, side - 2)
        y = horizon - (between(land, z, x) - eye) / distance * focal * 0.41
        fill = (rows >= y) & (rows < reached)
        first, last = np.flatnonzero(fill.any(1))[[0, -1]] if fill.any() else (0, -1)
        if last >= first:
            haze = np.float32(1 - np.exp(-((distance / 1.7) ** 2)))
            tinted = between(shaded, z, x) * (1 - haze) + colour("b9cfe8") * haze
            span = slice(first, last + 1)
            image[span] = np.where(fill[span][..., None], tinted, image[span])
        reached = np.minimum(reached, y)

    up = np.clip((horizon - rows) / horizon, 0, 1).astype(np.float32) * np.ones((1, width), "f4")
    sky = mix(colour("cfe3f5"), colour("3f7cc4"), smoothstep(0.0, 0.95, up))
    clouds = smoothstep(0.55, 0.8, noise(rng, width, height, 3.5, 6, tall=0.45))
    sky = mix(sky, colour("ffffff"), clouds * smoothstep(0.25, 0.6, up) * 0.75)
    image = np.where((rows < reached)[..., None], sky, image)

    # The lake: the picture upside down, shaken a little more the nearer it is.
    top = int(horizon)
    near = (np.arange(top, height) - top) / (height - top)
    ripples = noise(rng, width, height - top, 26, 3, tall=0.06) - 0.5
    fine = noise(rng, width, height - top, 90, 2, tall=0.08) - 0.5
    shake = (ripples * 34 + fine * 10) * (0.12 + near[:, None] ** 1.2)
    source = np.clip(top - 2 - (np.arange(1, height - top + 1)[:, None] + shake), 0, top - 1)
    columns = np.broadcast_to(np.arange(width), source.shape)
    shift = np.clip(columns + shake * 0.15, 0, width - 1).astype(int)
    mirrored = image[source.astype(int), shift]
    strength = (0.86 - 0.30 * near[:, None]).astype(np.float32) * np.ones((1, width), "f4")
    image[top:] = mix(colour("16323a"), mirrored, strength)
    return picture(image * 1.02, 0.007)


def daisies() -> Image.Image:
    """Daisies close up in a meadow, those behind out of focus."""
    width, height = SIZE
    rng = np.random.default_rng(3)
    light = mix(
        colour("8fae4a"),
        colour("2f5a22"),
        np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.ones((1, width), "f4"),
    )
    light = light * (0.45 + 1.1 * noise(rng, width, height, 4, 5)[..., None])
    for _ in range(260):
        _blade(light, rng, rng.uniform(0, width), rng.uniform(0.5, 1.1) * height, 0.8)
    light = blurred(light, 16)
    for depth, count, radius, blur in ((0.3, 26, 26, 11), (0.55, 13, 52, 6), (0.75, 6, 88, 3)):
        for _ in range(int(60 * depth)):
            _blade(light, rng, rng.uniform(0, width), rng.uniform(0.75, 1.2) * height, 1.0)
        for _ in range(count):
            x = rng.uniform(-0.02, 1.02) * width
            y = (0.12 + 0.62 * depth + rng.normal(0, 0.09)) * height
            _flower(light, rng, x, y, radius * rng.uniform(0.85, 1.15))
        light = blurred(light, blur)
    for x, y, radius in ((0.30, 0.47, 200), (0.73, 0.40, 165), (0.62, 0.82, 150)):
        _flower(light, rng, x * width, y * height, radius)
    return picture(light * 1.08, 0.007)


def _over(light: Floats, box: tuple[int, int, int, int], paint: Floats, cover: Floats) -> None:
    """Lays ``paint`` over the part of the picture that ``box`` (left, top, right, bottom) names."""
    left, top, right, bottom = box
    part = light[top:bottom, left:right]
    light[top:bottom, left:right] = mix(part, paint, cover)


def _around(light: Floats, x: float, y: float, radius: float) -> tuple[int, int, int, int]:
    height, width = light.shape[:2]
    left, right = np.clip([x - radius, x + radius + 1], 0, width).astype(int)
    top, bottom = np.clip([y - radius, y + radius + 1], 0, height).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _blade(light: Floats, rng: np.random.Generator, x: float, root: float, bright: float) -> None:
    """A blade of grass, bent, from ``root`` upwards."""
    length, bend, thick = rng.uniform(120, 380), rng.normal(0, 90), rng.uniform(3, 8)
    box = _around(light, x, root - length / 2, length / 2 + abs(bend))
    left, top, right, bottom = box
    if right <= left or bottom <= top:
        return
    columns, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    rise = np.clip((root - rows) / length, 0, 1).astype(np.float32)
    aside = np.abs(columns - (x + bend * rise**2)) - thick * (1 - rise)
    cover = (1 - smoothstep(-1, 1, aside)) * (rise > 0) * (rise < 1)
    green = mix(colour("3d6b22"), colour("9bbf4e"), rise) * bright * rng.uniform(0.6, 1.3)
    _over(light, box, green.astype(np.float32), cover.astype(np.float32))


def _flower(light: Floats, rng: np.random.Generator, x: float, y: float, radius: float) -> None:
    """A daisy: a stem, two rings of white petals, a yellow heart of many florets."""
    tilt, turn = rng.uniform(0.72, 0.95), rng.uniform(-0.5, 0.5)
    _stem(light, rng, x, y, radius)
    box = left, top, right, bottom = _around(light, x, y, radius * 1.1)
    if right <= left or bottom <= top:
        return
    columns, rows = np.meshgrid(np.arange(left, right), np.arange(top, bottom))
    dx, dy = (columns - x) / radius, (rows - y) / radius
    u = dx * np.cos(turn) + dy * np.sin(turn)
    v = (dy * np.cos(turn) - dx * np.sin(turn)) / tilt
    away, angle = np.hypot(u, v), np.arctan2(v, u)
    edge = 1.4 / radius
    warmth = 0.5 - 0.5 * (dx * 0.6 + dy * 0.8)

    petals = int(rng.integers(17, 22))
    for ring in range(2):
        for petal in rng.permutation(petals):
            heading = (petal + ring / 2 + rng.normal(0, 0.10)) * 2 * np.pi / petals
            reach = rng.uniform(0.88, 1.0) - 0.05 * ring
            off = np.angle(np.exp(1j * (angle - heading)))
            along = away * np.cos(off)
            sideways = away * np.sin(off) + 0.03 * rng.normal() * along**2
            at = np.clip(along / reach, 0, 1)
            broad = 0.125 * np.sqrt(np.clip(np.sin(np.pi * at**0.75), 0, 1)) * (0.55 + 0.45 * at)
            outside = np.maximum(np.abs(sideways) - broad, along - reach)
            cover = (1 - smoothstep(-edge, edge, outside)) * (along > 0.1)
            furrows = 0.93 + 0.07 * np.cos(sideways / 0.125 * np.pi * 2.2)
            rim = 1 - 0.22 * smoothstep(0.55, 1.0, np.abs(sideways) / (broad + 1e-3))
            shade = furrows * rim * (0.62 + 0.38 * smoothstep(0.25, 0.6, at))
            shade = shade * rng.uniform(0.86, 1.0) * (0.78 + 0.3 * warmth) * (0.82 + 0.18 * ring)
            white = mix(colour("c9d2e6"), colour("fffdf6"), np.clip(shade, 0, 1))
            _over(light, box, white * shade[..., None], cover.astype(np.float32))

    heart = 0.27
    inside = 1 - smoothstep(heart - edge, heart + edge, away)
    ball = np.sqrt(np.clip(1 - (away / heart) ** 2, 0, 1))
    yellow = mix(colour("c77700"), colour("ffd21f"), np.clip(ball * 0.8 + warmth * 0.4, 0, 1))
    yellow = yellow * (0.55 + 0.45 * ball)[..., None]
    _over(light, box, yellow, inside.astype(np.float32))
    if radius > 60:
        for floret in range(260):
            distance = heart * np.sqrt(floret / 260)
            heading = floret * 2.39996
            near = np.hypot(u - distance * np.cos(heading), v - distance * np.sin(heading))
            dot = 1 - smoothstep(0.006, 0.017, near)
            bright = colour("ffe65a" if floret > 60 else "e8c52a") * (0.75 + 0.35 * ball)[..., None]
            _over(light, box, bright, (dot * 0.8).astype(np.float32))


def _stem(light: Floats, rng: np.random.Generator, x: float, y: float, radius: float) -> None:
    height, width = light.shape[:2]
    lean = rng.normal(0, 0.12)
    rows = np.arange(max(int(y), 0), height)
    thick = max(radius * 0.045, 1.5)
    for row in rows:
        middle = x + lean * (row - y) + 14 * np.sin((row - y) / 160)
        columns = np.arange(max(int(middle - thick - 2), 0), min(int(middle + thick + 3), width))
        if not len(columns):
            continue
        aside = (columns - middle) / thick
        cover = np.clip((1.2 - np.abs(aside)) * thick, 0, 1).astype(np.float32)
        green = colour("5f8a34") * (0.75 - 0.4 * aside)[:, None]
        light[row, columns] = mix(light[row, columns], green.astype(np.float32), cover)


PHOTOS = {"sunset": sunset, "mountains": mountains, "daisies": daisies}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, render in PHOTOS.items():
        render().save(folder / f"{name}.jpg", quality=90)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
