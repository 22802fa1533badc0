"""A local Bot API server and chat page, so that the bot runs without Telegram.

The server keeps to the Bot API's rules (``rules``, ``formatting``, ``entities``), keeps everything
in memory (``chats``, ``files``, ``updates``), and listens on the loopback interface only.
"""

from bot.local.server import LocalServer

__all__ = ["LocalServer"]
