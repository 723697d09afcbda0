"""``python -m didymium``: the command without its script."""

from didymium.cli import main

if __name__ == "__main__":
    main()
