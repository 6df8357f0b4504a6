"""`mitra`, and `python -m gateway`: every process that we start imports this, so it is small."""

import sys


def main() -> None:
    """Run the command line; a server imports nothing of what other commands need."""
    from gateway import collecting  # noqa: PLC0415 - see above

    with collecting.paused():  # modules come to stay, and looking through them takes a while
        if sys.argv[1:2] == ["serve"]:
            import gateway.asgi  # noqa: F401, PLC0415 - which the server asks for by its name
            from gateway.commands.serving import main as run  # noqa: PLC0415 - see above
        else:
            from gateway.cli import main as run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
