"""What the colour engine's model knows of its hashtags: neighbours, two categories, sizes."""

import numpy as np

from recommenders.bundle import Bundle
from recommenders.knowledge import Knowledge

NEAR = 12


def knowledge_of(
    hashtags: list[str], preferred_mix: str | None = None, dish: str = "dish1_dish2_dish3"
) -> Knowledge:
    """Each hashtag is near those after it; #…dish… are a category, the plain ones three.

    Of every three hashtags in a row one is niche, one middle and one broad.

    Args:
        dish: the name of the category of dishes.
    """
    count = len(hashtags)
    places = np.arange(count)
    names = ["red", "green", "blue", "dish"]
    category = [next(i for i in (3, 0, 1, 2) if names[i] in tag) for tag in hashtags]
    arrays = {
        "category_of": np.array(category, np.int32),
        "category_weight": np.linspace(1, 0.1, count, dtype=np.float32),
        "size": (places % 3).astype(np.int8),
        "median_likes": np.full(count, np.nan, np.float32),
        "skipgram_indices": ((places[:, None] + np.arange(1, NEAR + 1)) % count).astype(np.int32),
        "skipgram_cosines": np.tile(np.linspace(0.9, 0.35, NEAR), (count, 1)).astype(np.float16),
    }
    settings = {
        "models": ["skipgram"],
        "categories": [
            *({"name": f"{name}1_{name}2_{name}3", "posts": 9} for name in names[:3]),
            {"name": dish, "posts": 9},
        ],
        "preferred_mix": preferred_mix,
    }
    return Knowledge(
        Bundle(
            "colours-1",
            hashtags,
            {},
            {"knowledge": settings},
            {"knowledge": arrays, "ranking": {"rating": np.ones(count, np.float32)}},
        )
    )
