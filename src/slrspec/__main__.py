"""`python -m slrspec` is the command `slrspec`."""

from slrspec.cli import main

if __name__ == "__main__":
    main()
