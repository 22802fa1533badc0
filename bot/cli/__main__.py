"""The console script ``tag4pic``, and ``python -m bot.cli``."""

import signal


def main() -> None:
    """Runs the command line.

    Until a command runs (``Commands.invoke``), Ctrl-C ends the process at once: imports would
    answer with a traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
