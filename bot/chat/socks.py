"""Connections through a SOCKS proxy, with aiohttp-socks."""

from typing import Any

import aiohttp
from aiohttp.connector import Connection
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError


class SocksConnector(ProxyConnector):
    """Connects through a SOCKS proxy: ``SocksConnector.from_url(address)``."""

    async def connect(self, req: Any, *args: Any, **options: Any) -> Connection:
        """As aiohttp's connectors.

        Raises:
            ClientProxyConnectionError: where the proxy opens no connection.
        """
        try:
            return await super().connect(req, *args, **options)
        except (ProxyConnectionError, ProxyError, ProxyTimeoutError) as error:
            raise aiohttp.ClientProxyConnectionError(
                req.connection_key, OSError(None, str(error))
            ) from error
