"""A reader a layout, each with ``read(source, summary)``, which gives posts one by one.

A post's ``image`` is the photo's path in the source. What is wrong with rows, photos that are not
there and whatever is left out are counted in the summary and never stop the reading.
"""
