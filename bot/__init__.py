"""The Telegram bot: what a chat sees, the command line, and the chat in the browser.

- ``run``: starts and stops the bot.
- ``receiving``, ``webhook``: updates by long polling or webhook; ``inbox``: stores each until it is
  handled.
- ``shared_inbox``, ``replicas``: several processes on one PostgreSQL: who handles which chat, and
  how they stay in sync; ``bundle_shelf``: the bundle that all of them load.
- ``chat``: every handler, and how a photo is answered (``chat/answering.py``).
- ``cli``: the command line, one file for each command group.
- ``local``: the chat in the browser, a small Bot API server and its page.
- ``http``: the HTTP API, with a page to try it.
- ``photo_answers``, ``hashtag_lookup``: shared by the command line and ``http``.
- ``model_updates``: follows the version in use, and starts fine-tuning when it is due.
- ``settings``, ``logs``, ``signals``: configuration, logging without secrets, and stop signals.
- ``own_site``: which requests the two local servers accept.
"""
