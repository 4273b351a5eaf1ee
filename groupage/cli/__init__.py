"""The command line."""


def main() -> None:
    """Run ``groupage``; the console script."""
    from groupage.cli.app import run

    run()


__all__ = ["main"]
