"""The keys of backends and styles; imports nothing heavy, so that a command line starts quickly."""

from typing import Literal, get_args

Backend = Literal["als", "w2v", "both"]
"""Who answers."""
Style = Literal["relevant", "balanced", "popular"]
"""What comes first: what fits, what earns likes, or a balance of both."""

BACKENDS: tuple[str, ...] = get_args(Backend)
STYLES: tuple[str, ...] = get_args(Style)
