"""`python -m erepo` is the command `erepo`."""

from erepo.cli import main

if __name__ == "__main__":
    main()
