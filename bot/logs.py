"""Logging: lines on stderr, readable or JSON, and no secret in any of them."""

import json
import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import quote

QUIET = ("httpx", "httpcore", "alembic", "telegram.ext")
"""Libraries that log every step at INFO: only their warnings are worth a line."""


class Redacting(logging.Formatter):
    """Formats a record whole, traceback included, and only then takes the secrets out of it.

    Redacting the finished line, rather than message and arguments, leaves no way around: a token
    also travels in URL objects, in exceptions and in their causes.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        forms = {form for secret in secrets for form in _forms(secret)}
        # The longest first: a token contains its own second half.
        self._forms = sorted(forms, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        line = self._line(record)
        for form in self._forms:
            line = line.replace(form, "<secret>")
        return line

    def _line(self, record: logging.LogRecord) -> str:
        return super().format(record)


class RedactingJson(Redacting):
    """The same as an object a line: time, level, logger, message, and what a record adds to it.

    A record adds ``fields``, a dict, as its ``extra``; a traceback is one more field.
    """

    def _line(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up(
    level: str,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    *,
    as_json: bool = False,
) -> None:
    """Send the log to ``stream`` (stderr), from ``level`` up; replaces earlier handlers."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingJson(secrets) if as_json else Redacting(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _forms(secret: str) -> set[str]:
    """The secret, its part after the colon, and both as a URL and as JSON spell them."""
    parts = {secret, secret.partition(":")[2]} - {""}
    parts |= {json.dumps(part, ensure_ascii=False)[1:-1] for part in parts}
    return parts | {quote(part, safe="") for part in parts} | {quote(part) for part in parts}
