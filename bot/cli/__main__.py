"""The console script ``tag4pic``, and ``python -m bot.cli``."""

import signal


def main() -> None:
    """Runs the command line; Ctrl-C ends it quietly, even while its modules are imported."""
    raises = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if raises:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.cli.main import main as run

    if raises:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
