"""`privet`, and `python -m pipeline`."""

from pipeline.cli import privet


def main() -> None:
    """Run the command line."""
    privet(prog_name="privet")


if __name__ == "__main__":
    main()
