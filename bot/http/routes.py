"""``ROUTES`` and their handlers, whose docstrings are the descriptions in the OpenAPI document."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot import own_site
from bot.hashtag_lookup import HashtagLookup
from bot.http import fields, uploads
from bot.http.errors import FAILED, RequestError, json_response
from bot.http.fields import OF_A_HASHTAG, OF_A_PHOTO, OF_CATEGORIES, Field
from bot.http.uploads import Photo
from bot.http.work import Work
from bot.photo_answers import PhotoAnswers
from recommenders.answers import AnswerRequest
from recommenders.photos import PhotoError

log = logging.getLogger(__name__)

ANSWERS = web.AppKey("answers", PhotoAnswers)
WORK = web.AppKey("work", Work)
STARTED = web.AppKey("started", float)
PAGE = Path(__file__).parent / "page"

_STATUS = {"too_large": 413, "failed": 500}
"""Of a single photo without an answer, by reason; 422 for all others."""


@dataclass(frozen=True)
class Route:
    """A route of the API.

    Attributes:
        answer: the schema of its response, a name in ``bot.http.openapi.SCHEMAS``, or several.
        fields: the fields of its query and, if it takes photos, of its form.
        takes_photos: whether its body is a photo or a form with photos.
        refusals: descriptions of its own error statuses, besides those of every route.
        open: whether it needs no key.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answer: str | tuple[str, ...]
    fields: Sequence[Field] = ()
    takes_photos: bool = False
    refusals: Mapping[int, str] | None = None
    open: bool = False


async def hashtags(request: web.Request) -> web.Response:
    """Hashtags for one photo, an object, or for several, a list of objects."""
    work, answers = request.app[WORK], request.app[ANSWERS]
    pairs = list(request.query.items())
    fields.read(OF_A_PHOTO, pairs)  # an invalid query is refused before the upload
    with work.room() as room:
        upload = await uploads.read(request, work.limits, room)
        chosen = fields.read(OF_A_PHOTO, [*pairs, *upload.fields])
        wanted = answers.request(**chosen)
        results = await work.run(
            [partial(_answer, answers, photo, wanted) for photo in upload.photos]
        )
    result, *others = results
    if others and any(one.get("reason") != "failed" for one in results):
        return json_response(results)
    if "error" in result:
        status = _STATUS.get(result["reason"], 422)
        raise RequestError(status, result["reason"], result["error"])
    return json_response(result)


def _answer(answers: PhotoAnswers, photo: Photo, wanted: AnswerRequest) -> dict[str, Any]:
    """The JSON object for a photo: its answer, or why it has none."""
    try:
        if photo.data is None:
            raise PhotoError("too_large")
        return asdict(answers.answer(photo.name, bytes(photo.data), wanted))
    except PhotoError as error:
        why = str(error)  # as it stands behind a file's name
        sentence = f"{why[0].upper()}{why[1:]}."
        return {"photo": photo.name, "error": sentence, "reason": error.reason}
    except Exception:  # a form's other photos may be answered
        log.exception("A photo cannot be answered")
        return {"photo": photo.name, "error": FAILED, "reason": "failed"}


async def similar(request: web.Request) -> web.Response:
    """Hashtags used beside the same hashtags as another, the nearest first."""
    chosen = fields.read(OF_A_HASHTAG, request.query.items())
    tag, count, model = chosen["tag"], chosen.get("count", 10), chosen.get("model")
    (neighbours,) = await request.app[WORK].run(
        [lambda: _lookup(request).similar([tag], count, model)]
    )
    hashtags = [asdict(hashtag) for hashtag in neighbours.hashtags]
    return json_response({"tag": neighbours.tags[0], "hashtags": hashtags})


async def categories(request: web.Request) -> web.Response:
    """The topics of the bundle's posts, each with its most typical hashtags."""
    chosen = fields.read(OF_CATEGORIES, request.query.items())
    count, language = chosen.get("count", 8), chosen.get("language", "en")
    (rows,) = await request.app[WORK].run([lambda: _lookup(request).categories(count, language)])
    return json_response(rows)


def _lookup(request: web.Request) -> HashtagLookup:
    engine = request.app[ANSWERS].engine
    return HashtagLookup(engine.bundle, engine.knowledge, request.app[ANSWERS].blocked)


async def health(request: web.Request) -> web.Response:
    """The server's status, model and uptime."""
    fields.read((), request.query.items())
    return json_response(
        {
            "status": "ok",
            "model": request.app[ANSWERS].engine.model,
            "uptime_s": round(monotonic() - request.app[STARTED], 1),
        }
    )


async def openapi(request: web.Request) -> web.Response:
    """This document."""
    from bot.http.openapi import document

    return json_response(document(ROUTES))


async def page(request: web.Request) -> web.StreamResponse:
    """A file of the page to try it on."""
    return own_site.page_file(PAGE, request.match_info.get("name", "index.html"))


ROUTES = (
    Route(
        "POST",
        "/v1/hashtags",
        hashtags,
        "Hashtags for a photo, or for several",
        ("Answer", "Answers"),
        OF_A_PHOTO,
        takes_photos=True,
        refusals={
            408: "the body came too slowly",
            413: "the photo, the body or the number of photos is too large",
            415: "the body is compressed",
            422: "the photo cannot be read",
        },
    ),
    Route(
        "GET",
        "/v1/similar",
        similar,
        "Hashtags that are used like another",
        "Similar",
        OF_A_HASHTAG,
        refusals={404: "the bundle does not know the hashtag, or has no such vectors"},
    ),
    Route(
        "GET",
        "/v1/categories",
        categories,
        "What the bundle's posts are about",
        "Categories",
        OF_CATEGORIES,
        refusals={404: "the bundle knows no categories"},
    ),
    Route("GET", "/health", health, "Whether the server answers", "Health", open=True),
    Route("GET", "/openapi.json", openapi, "This document", "Document", open=True),
)
"""The API, without the page at /."""
