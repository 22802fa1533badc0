"""Error responses: a status, a sentence for people and a word for programs."""

import json
from typing import Any

from aiohttp import web

FAILED = "Something went wrong here; the log says what."


class RequestError(Exception):
    """An error response such as ``{"error": "The file is empty.", "reason": "empty"}``.

    Args:
        status: the HTTP status.
        reason: a word that stays the same even if the sentence changes.
        sentence: what happened and what to do.
        headers: of the response.
    """

    def __init__(
        self, status: int, reason: str, sentence: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.reason = reason
        self.headers = headers or {}

    def response(self) -> web.Response:
        """The error as a response."""
        body = {"error": str(self), "reason": self.reason}
        return json_response(body, self.status, self.headers)


def busy(retry_after: int) -> RequestError:
    """The error for a full queue or full memory."""
    return RequestError(
        503,
        "busy",
        f"Too many photos are waiting. Try again in {retry_after} s.",
        {"Retry-After": str(retry_after)},
    )


def json_response(
    body: Any, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """JSON as ``tag4pic recommend --json`` writes it: letters of any script unescaped."""
    text = json.dumps(body, ensure_ascii=False)
    # A name that is not valid Unicode is escaped, as on the command line.
    return web.Response(
        body=text.encode(errors="backslashreplace"),
        status=status,
        headers=headers,
        content_type="application/json",
        charset="utf-8",
    )
