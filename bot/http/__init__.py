"""Hashtags over HTTP: what ``tag4pic recommend`` and ``tag4pic tags`` give, for programs.

``listening`` takes the address, ``server`` guards it; ``routes`` is the list of what can be asked,
from which ``openapi`` writes its document; ``fields`` are what a request may choose; ``uploads``
reads its photos, and ``work`` computes beside the event loop, within ``limits``. ``page`` is for
trying it. Nothing is stored, and no line of the log holds what was sent.
"""
