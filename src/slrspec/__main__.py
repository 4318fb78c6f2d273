"""The command `slrspec`, and `python -m slrspec`."""

from __future__ import annotations

from slrspec.running.garbage import hardly_collect


def main() -> None:
    """Run the command; nearly all that is made before it runs is imported, and stays."""
    hardly_collect()
    from slrspec.cli import main as command

    command()


if __name__ == "__main__":
    main()
