"""``python -m groupage.cli``."""

from groupage.cli import main

if __name__ == "__main__":
    main()
