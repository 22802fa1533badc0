"""A photo in, hashtags out: no network, no database.

Begin with ``engine``; a bundle (``bundle``, ``versions``) is what it answers from.

- ``photos``, ``copies``: a stranger's bytes to a photo; whether two photos are copies.
- ``backbones``: a photo to features.
- ``als``, ``als_taught``, ``nearest``: the ALS backend, and what people taught it.
- ``w2v``: the Word2Vec backend; ``fusion``: both as one.
- ``ranking``, ``answers``: from relevance to an order, and from that to the list.
- ``explaining``, ``knowledge``: why a hashtag, and what is known about hashtags.
- ``hashtags``: what counts as one, and reading them out of text.
- ``machine``: cores, memory, threads.
"""
