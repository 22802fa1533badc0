"""The Telegram bot: what a chat sees, the command line, and the chat in the browser.

- ``run``: start and stop.
- ``receiving``, ``webhook``: updates in, asked for or called with; ``inbox``: each is stored until
  it is handled.
- ``shared_inbox``, ``replicas``: several processes on one PostgreSQL, which handles what, and what
  they tell one another; ``bundle_shelf``: the bundle that all of them take.
- ``chat``: every handler, and a photo's whole trip (``chat/answering.py``).
- ``cli``: the command line, a file a command group.
- ``local``: the chat in the browser, a small Bot API server and its page.
- ``http``: hashtags for programs, with a page to try them on.
- ``photo_answers``, ``hashtag_lookup``: what the command line and ``http`` both give.
- ``model_updates``: follows the version in use, and starts fine-tuning when it is due.
- ``settings``, ``logs``, ``signals``: what an operator can set, lines without secrets, and the end.
- ``own_site``: what the two servers let in.
"""
