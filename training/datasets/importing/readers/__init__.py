"""One reader per layout, each with ``read(source, summary)``, which yields posts.

A post's ``image`` is the photo's path in the source. Broken rows, missing photos and whatever is
left out are counted in the summary and never stop the reading.
"""
