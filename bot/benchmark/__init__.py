"""How fast this machine answers: every figure beside that of the plain way, in the same run.

``plain`` is that way: what the published projects' code would do. ``answering``, ``storing``,
``starting``, ``growth`` and ``training_speed`` measure rows of one table; ``load`` sends a bot
photos at a fixed rate through the local Bot API server.
"""
