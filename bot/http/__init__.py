"""An HTTP API that answers as ``tag4pic recommend`` and ``tag4pic tags`` do.

``listening`` opens the socket, ``server`` checks requests; ``routes`` lists the routes, from which
``openapi`` generates its document; ``fields`` are a request's parameters; ``uploads`` reads its
photos, and ``work`` computes in threads, within ``limits``. ``page`` is for trying it. Nothing is
stored, and nothing that was sent is logged.
"""
