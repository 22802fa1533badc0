"""A photo that the starter is sure about, made by numbers."""

import numpy as np
from PIL import Image


def dusk() -> Image.Image:
    """A sun low over the sea: sky, sun and water in bands of warm light."""
    height, width = 240, 320
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    horizon, centre = 140, 160
    sky = np.stack([225 - rows * 0.1, 90 + rows * 0.5, 60 + 20 * np.cos(rows / 40)], axis=-1)
    glow = np.exp(-(((rows - 120) / 60) ** 2 + ((columns - centre) / 90) ** 2))[..., None]
    image = sky + glow * np.array([60, 80, 20])
    sun = (rows - 118) ** 2 + (columns - centre) ** 2 < 20**2
    image[sun] = (255, 240, 190)
    water = rows >= horizon
    ripple = 0.5 + 0.5 * np.sin(rows * 1.3 + 3 * np.sin(columns / 17))
    path = np.exp(-(((columns - centre) / (10 + (rows - horizon) * 0.35)) ** 2)) * ripple
    sea = np.stack([70 + 170 * path, 50 + 110 * path, 70 + 40 * path], axis=-1)
    image[water] = sea[water]
    return Image.fromarray(np.clip(image, 0, 255).astype(np.uint8))
