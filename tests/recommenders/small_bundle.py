"""A bundle of a few numbers to save, load and spoil; and the sentence with which it is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommenders import bundle as bundles
from recommenders.bundle import Bundle, BundleError


def small(model: str = "small-1") -> Bundle:
    counts = np.arange(6, dtype=np.int32).reshape(2, 3)
    return Bundle(
        model=model,
        hashtags=["море", "日本", "café", "dog"],
        backbones={"efficientnet_lite0": "ab" * 32},
        settings={"als": {"backbone": "efficientnet_lite0", "neighbours": 7, "sharpness": 0.1}},
        arrays={
            "als": {"factors": np.linspace(0, 1, 8, dtype=np.float16).reshape(4, 2)},
            "ranking": {"popularity": np.ones(4, np.float32), "counts": counts.T},
        },
        metrics={"recall@5": 0.65},
        provenance={"dataset": "«photos»", "posts": 3},
    )


def refusal(folder: Path, load: Callable[[Path], object] = bundles.load) -> str:
    """The sentence with which a bundle is refused; it names the bundle and what to do."""
    with pytest.raises(BundleError) as caught:
        load(folder)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    advice = ("fit", "Fit", "backup", "Update", "Put back", "Choose", "choose")
    assert any(word in sentence for word in advice), sentence
    return sentence


def edit_manifest(folder: Path, **changes: Any) -> None:
    """Changes entries of the manifest; None takes one out."""
    path = folder / bundles.MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8")) | changes
    entries = {name: value for name, value in manifest.items() if value is not None}
    path.write_text(json.dumps(entries), encoding="utf-8")
