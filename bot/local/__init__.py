"""The chat in the browser: a Bot API server with the methods that the bot uses, and its page.

``server`` listens and guards; ``methods`` is the bot's side, ``page_routes`` the person's, ``page``
what the browser loads. Between them lie ``state`` (chats, messages), ``files``, ``updates`` to the
bot and ``events`` to the page. Everything is in memory, and on the loopback interface only.
"""

from bot.local.server import LocalServer

__all__ = ["LocalServer"]
