"""`mitra`, and `python -m gateway`: every process that we start imports this, so it is small."""


def main() -> None:
    """Run the command line."""
    from gateway import collecting  # noqa: PLC0415 - see above

    with collecting.paused():  # modules come to stay, and looking through them takes a while
        from gateway.cli import main as run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
