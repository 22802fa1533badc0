"""What one client, and all of them together, may take of the server."""

from dataclasses import dataclass

from recommenders.photos import MAX_BYTES


@dataclass(frozen=True)
class Limits:
    """The limits; times in seconds, sizes in bytes.

    Attributes:
        photo: of one photo; the bot's own.
        photos: in one request.
        body: of one request.
        field: of a form's field that is no photo.
        held: of all photos that are here at once.
        waiting: photos, and other questions, that wait or are being answered.
        connections: at once.
        head: until a connection has sent a request, or the next one.
        first_byte: what a body may take beside its ``slowest`` bytes a second.
        lingering: while what a client still sends is thrown away, so that it sees its refusal.
        stopping: until requests that are not answered are dropped.
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
