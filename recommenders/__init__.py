"""A photo in, hashtags out: no network, no database.

Start with ``engine``: it answers photos.

- ``photos``, ``copies``: untrusted bytes to a photo; whether two photos are copies.
  ``decoding_process`` does the former where it may cost too much.
- ``backbones``: photo to features; ``feature_map``: one backbone's features to another's.
- ``als``, ``als_fit``, ``nearest``: the ALS backend; ``als_lessons``, ``als_taught``,
  ``taught_hashtags``: what people taught it and who sees it; ``vocabulary``: hashtags by column.
- ``w2v``: the Word2Vec backend; ``both``, ``fusion``: the two backends and the caption combined.
- ``words``, ``people``: hashtags named in a text; hashtags that imply people in the photo.
- ``scoring``: photos to relevance, by any backend; ``ranking``, ``answers``, ``languages``:
  relevance to an order, to the list people get, and to Russian hashtags; ``families``: hashtags
  too alike for one answer.
- ``explaining``, ``knowledge``: why a hashtag was chosen; facts about hashtags.
- ``bundle``, ``bundle_reading``, ``building``: the fitted model on disk, what readers of its parts
  share, and recommenders built from it; ``versions``: which one is in use.
- ``hashtags``: what counts as a hashtag, and parsing them out of text.
- ``backends``, ``arrays``, ``machine``: option names; array types; cores, memory and threads.
"""
