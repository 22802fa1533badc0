"""Logging to stderr, readable or JSON, without secrets and without what people wrote."""

import json
import logging
import re
import sys
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import quote

from bot.log_limits import Limited

OURS = ("bot", "recommenders", "storage", "training")
"""Only these log below WARNING: libraries write every step at INFO, and at DEBUG whole messages,
people's names and keys."""

_LEAST_PART = 8
"""What follows a secret's colon is itself a secret from this many characters on."""


class Redacting(logging.Formatter):
    """Removes secrets from the finished line, traceback included.

    Redacting message and arguments would not be enough: a token also occurs in URL objects, in
    exceptions and in their causes.
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
    """The same as one JSON object a line: time, level, logger, message, and the record's fields.

    A record passes its own in ``extra={"fields": {…}}``; a traceback is one more field.
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
    """Sends the log to ``stream`` (stderr), from ``level`` up; replaces earlier handlers."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingJson(secrets) if as_json else Redacting(secrets))
    handler.addFilter(_may_be_shown)
    handler.addFilter(_without_updates)
    handler.addFilter(Limited())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(True)
    # It quotes headers, and with them names of files.
    warnings.filterwarnings("ignore", module=r"aiohttp\.multipart")


def _may_be_shown(record: logging.LogRecord) -> bool:
    return record.levelno > logging.INFO or record.name.partition(".")[0] in OURS


def _without_updates(record: logging.LogRecord) -> bool:
    """Leaves a line of Telegram's library its wording: it fills in whole updates and answers."""
    if record.name.partition(".")[0] == "telegram":
        record.args = None
    return True


def _forms(secret: str) -> set[str]:
    """The secret, the part after its colon, and both as URLs, JSON and ``repr`` spell them."""
    after = secret.partition(":")[2]
    parts = {secret, after} if len(after) >= _LEAST_PART else {secret}
    urls = {quote(part, safe=safe) for part in parts for safe in ("", "/")}
    # As aiohttp and httpx escape them, and with lower-case escapes, as others do.
    urls |= {quote(part, safe="/:!$&'()*+,;=@") for part in parts}
    urls |= {re.sub("%..", lambda escaped: escaped[0].lower(), url) for url in urls}
    quoted = {spelt[1:-1] for part in parts for spelt in (repr(part), json.dumps(part))}
    return (parts | urls | quoted) - {""}
