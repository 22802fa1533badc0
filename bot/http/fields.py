"""The parameters of requests: one table, for validation and for the OpenAPI document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.chat.platforms import PLATFORMS
from bot.http.errors import RequestError
from recommenders.backends import BACKENDS, LANGUAGES, STYLES

MOST_HASHTAGS = 100
MAX_TEXT = 2_000


@dataclass(frozen=True)
class Field:
    """A field of a query or a form.

    Attributes:
        schema: JSON Schema of its value, a string or an integer.
    """

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False


_PLATFORMS = [
    {"const": key, "title": one.label, "description": f"Hashtags: {one.count}"}
    for key, one in PLATFORMS.items()
]

_COUNT = {"type": "integer", "minimum": 1, "maximum": MOST_HASHTAGS}

LANGUAGE = Field(
    "language",
    "English hashtags, Russian ones, or both.",
    {"type": "string", "enum": list(LANGUAGES), "default": "en"},
)

OF_A_PHOTO = (
    Field(
        "platform",
        "Sets the number of hashtags and style; other common names for it work too.",
        {"type": "string", "maxLength": 100, "anyOf": [*_PLATFORMS, {"type": "string"}]},
    ),
    Field(
        "count",
        "How many hashtags; by default the platform's number, or 10 without a platform.",
        _COUNT,
    ),
    Field(
        "backend",
        "Which backend answers; by default the most accurate.",
        {"type": "string", "enum": list(BACKENDS)},
    ),
    LANGUAGE,
    Field(
        "style",
        "What comes first: what fits, what earns likes, or a balance of both.",
        {"type": "string", "enum": list(STYLES)},
    ),
    Field(
        "caption",
        "The photo's caption: hashtags it mentions become likelier.",
        {"type": "string", "maxLength": MAX_TEXT},
    ),
)

OF_A_HASHTAG = (
    Field(
        "tag",
        "A hashtag, with or without #.",
        {"type": "string", "maxLength": 200},
        required=True,
    ),
    Field("count", "How many.", {**_COUNT, "default": 10}),
    Field(
        "model",
        "Which vectors are compared; by default the bundle's first.",
        {"type": "string", "maxLength": 100, "examples": ["skipgram", "cbow"]},
    ),
)

OF_CATEGORIES = (
    Field("count", "How many hashtags of each category.", {**_COUNT, "default": 8}),
    LANGUAGE,
)


def read(fields: Sequence[Field], pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The validated values, by name; an empty string counts as not set.

    Raises:
        RequestError: for an unknown, repeated or missing field, or a value that its schema does
            not allow.
    """
    by_name = {field.name: field for field in fields}
    values: dict[str, Any] = {}
    for name, text in pairs:
        if name not in by_name:
            others = f"only {', '.join(by_name)}" if by_name else "nor any other"
            raise _wrong(f"There is no field {name[:100]}, {others}.")
        if name in values:
            raise _wrong(f"The field {name} is given twice.")
        if text:
            values[name] = _value(by_name[name], text)
    for field in fields:
        if field.required and field.name not in values:
            raise _wrong(f"The field {field.name} is missing.")
    return values


def _value(field: Field, text: str) -> str | int:
    schema = field.schema
    if schema["type"] == "integer":
        least, most = schema["minimum"], schema["maximum"]
        # int() alone would accept signs, spaces, underscores and any number of digits.
        if not (
            text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most
        ):
            raise _wrong(f"{field.name} must be a whole number from {least} to {most}.")
        return int(text)
    if text not in schema.get("enum", (text,)):
        raise _wrong(f"{field.name} must be one of {', '.join(schema['enum'])}.")
    if len(text) > schema.get("maxLength", len(text)):
        raise _wrong(f"{field.name} may have at most {schema['maxLength']:,} characters.")
    return text


def _wrong(sentence: str) -> RequestError:
    return RequestError(400, "field", sentence)
