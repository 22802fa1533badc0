"""Pictures that can be told apart as photos can."""

import numpy as np
from PIL import Image


def scenery(seed: int, size: tuple[int, int]) -> Image.Image:
    """A picture that is no other's, with large shapes and small ones, as photos have."""
    random = np.random.default_rng(seed)
    picture = Image.new("RGB", size)
    for cells in ((6, 4), (12, 8), (24, 16), (48, 32)):
        shapes = Image.fromarray(random.integers(0, 255, (*cells[::-1], 3), dtype=np.uint8))
        picture = Image.blend(picture, shapes.resize(size, Image.Resampling.BICUBIC), 0.4)
    return picture
