"""The chat in the browser: a Bot API server with the methods that the bot uses, and its page.

``server`` accepts and authorises requests; ``methods`` serves the bot, ``page_routes`` the page;
``page`` is what the browser loads. They share ``state`` (chats, messages), ``files``, ``updates``
to the bot and ``events`` to the page. All is in memory, and on the loopback interface only.
"""

from bot.local.server import LocalServer

__all__ = ["LocalServer"]
