"""The command: parse, ask the verb, print. Everything heavy is imported by the verb that needs it."""

# In this order the commands stand in the help.
from didymium.cli import cases, markets, shocks, plans, promises, downloads, imports  # isort: skip
from didymium.cli.app import app, importing

__all__ = ["app", "cases", "downloads", "importing", "imports", "main", "markets", "plans", "promises", "shocks"]


def main() -> None:
    """Run the command."""
    app()
