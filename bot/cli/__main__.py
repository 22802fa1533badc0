"""``python -m bot.cli``: the same as the console script ``tag4pic``."""

from bot.cli.main import main

main()
