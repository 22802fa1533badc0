"""A photo in, hashtags out: no network, no database.

Begin with ``engine``: it answers photos.

- ``photos``, ``copies``: a stranger's bytes to a photo; whether two photos are copies.
- ``backbones``: a photo to features; ``feature_map``: one backbone's as another would give them.
- ``als``, ``als_fit``, ``nearest``: the ALS backend; ``als_lessons``, ``als_taught``,
  ``taught_hashtags``: what people taught it, and who sees it; ``vocabulary``: hashtags by column.
- ``w2v``: the Word2Vec backend; ``both``, ``fusion``: the two and a caption's words as one.
- ``words``, ``people``: what a text names, and hashtags that presuppose people.
- ``scoring``: photos to relevance, by any backend; ``ranking``, ``answers``, ``languages``: from
  that to an order, to the list, and to Russian hashtags.
- ``explaining``, ``knowledge``: why a hashtag, and what is known about hashtags.
- ``bundle``, ``bundle_parts``, ``building``: what was learnt, on disk, and recommenders made of it;
  ``versions``: which one is in use.
- ``hashtags``: what counts as one, and reading them out of text.
- ``backends``, ``arrays``, ``machine``: names to choose from; array types; cores, memory, threads.
"""
