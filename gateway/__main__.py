"""`mitra`, and `python -m gateway`: every process that we start imports this, so it is small."""


def main() -> None:
    """Run the command line."""
    from gateway.cli import main as run  # noqa: PLC0415 - see above

    run()


if __name__ == "__main__":
    main()
