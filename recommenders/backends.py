"""The names by which people choose what recommends, in a chat and on the command line."""

from enum import StrEnum


class Backend(StrEnum):
    """ALS, Word2Vec, or both together."""

    ALS = "als"
    W2V = "w2v"
    BOTH = "both"


class Style(StrEnum):
    """What comes first: what fits, what earns likes, or a balance of both."""

    RELEVANT = "relevant"
    BALANCED = "balanced"
    POPULAR = "popular"


class Language(StrEnum):
    """Hashtags in English, as Russians post them, or both side by side."""

    EN = "en"
    RU = "ru"
    BOTH = "both"


BACKENDS = tuple(backend.value for backend in Backend)
STYLES = tuple(style.value for style in Style)
LANGUAGES = tuple(language.value for language in Language)
