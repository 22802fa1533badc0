"""Connections that a server accepts or refuses by how many there are."""

import asyncio
from collections.abc import Callable


class Accepted(asyncio.Protocol):
    """A connection whose protocol is chosen once it is made.

    An event loop accepts several at a time, and asks for their protocols before any of them counts.

    Args:
        choose: the protocol of a connection, given those that are there.
    """

    def __init__(self, choose: Callable[[], asyncio.Protocol]) -> None:
        self._choose = choose

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        protocol = self._choose()
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
