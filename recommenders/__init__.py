"""A photo in, hashtags out: no network, no database.

Begin with ``engine``: it answers photos.

- ``photos``, ``copies``: a stranger's bytes to a photo; whether two photos are copies.
- ``backbones``: a photo to features.
- ``als``, ``als_taught``, ``nearest``: the ALS backend, and what people taught it.
- ``w2v``: the Word2Vec backend; ``both``, ``fusion``: the two and a caption's words as one.
- ``scoring``: photos to relevance, by any of these; ``words``, ``people``: what captions name, and
  hashtags that presuppose people.
- ``ranking``, ``answers``: from relevance to an order, and from that to the list.
- ``explaining``, ``knowledge``: why a hashtag, and what is known about hashtags.
- ``bundle``, ``bundle_parts``, ``building``: what was learnt, on disk, and recommenders made of it;
  ``versions``: which one is in use.
- ``hashtags``: what counts as one, and reading them out of text.
- ``machine``: cores, memory, threads.
"""
