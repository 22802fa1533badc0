"""How fast this machine answers, compared with a plain implementation in the same run.

``plain`` is that baseline: what the published projects' code does. ``answering``, ``storing``,
``starting``, ``growth`` and ``training_speed`` measure rows of one table; ``load`` sends a bot
photos at a fixed rate through the local Bot API server.
"""
