"""Limits for each client and for all clients together."""

from dataclasses import dataclass

from recommenders.photos import MAX_BYTES


@dataclass(frozen=True)
class Limits:
    """The limits; times in seconds, sizes in bytes.

    Attributes:
        photo: size of one photo, the same as the bot's.
        photos: number of photos in a request.
        body: size of a request's body.
        field: size of a form field that is not a photo.
        held: size of all photos in memory at a time.
        waiting: number of photos and other calls that wait or are being computed.
        connections: number of connections at a time.
        head: time for a connection to send its first or next request.
        first_byte: time for a body in addition to that at ``slowest`` bytes a second.
        lingering: time for which a refused body is still read, so that the client sees the error.
        stopping: time until unanswered requests are dropped.
    """

    photo: int = MAX_BYTES
    photos: int = 10
    body: int = 64 * 2**20
    field: int = 16 * 2**10
    held: int = 128 * 2**20
    waiting: int = 128
    connections: int = 256
    head: float = 15.0
    first_byte: float = 20.0
    slowest: int = 512 * 2**10
    lingering: float = 5.0
    stopping: float = 10.0
