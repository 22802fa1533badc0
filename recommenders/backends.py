"""The option names that people choose from, in a chat and on the command line."""

from enum import StrEnum


class Backend(StrEnum):
    """ALS, Word2Vec, or both together."""

    ALS = "als"
    W2V = "w2v"
    BOTH = "both"


class Style(StrEnum):
    """What ranks first: what fits, what earns likes, or a balance of both."""

    RELEVANT = "relevant"
    BALANCED = "balanced"
    POPULAR = "popular"


class Language(StrEnum):
    """Hashtags in English, in Russian as people post them, or both."""

    EN = "en"
    RU = "ru"
    BOTH = "both"


BACKENDS = tuple(backend.value for backend in Backend)
STYLES = tuple(style.value for style in Style)
LANGUAGES = tuple(language.value for language in Language)
