"""Photos in, hashtags out: pure inference. No database, no Telegram, no training.

Read ``engine`` first: it answers photos. ``photos`` decodes them, ``backbones`` turns them into
features, ``als`` and ``w2v`` turn features into relevance, ``fusion`` makes one of two, ``ranking``
orders hashtags by it. ``bundle`` is what was learnt, on disk; ``bundle_parts`` says what it holds,
``building`` makes recommenders of it, ``versions`` tells which one is in use.
"""
