"""The command itself, and what every part of it shares: faults as one line each, and an exit code."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from didymium.faults import CaseError, DidymiumError
from didymium.messages import _

app = typer.Typer(
    help=_("Where critical-mineral supply is exposed, what a cut would do, and what partners should do together."),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

importing = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(importing, name="import", help=_("Turn what you have into the tables of a case."))

P = ParamSpec("P")


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn what goes wrong into one line per fault and an exit code: 1 to mend, 2 ours, 130 interrupted."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt as stopped:
            say(": ".join([_("interrupted"), *filter(None, map(str, stopped.args))]))
            raise typer.Exit(130) from None
        except CaseError as error:
            for fault in error.faults:
                say(fault.line())
            raise typer.Exit(1) from None
        except DidymiumError as error:
            say(str(error))
            raise typer.Exit(1) from None
        except OSError as error:
            say(_("{file}: {error} -> check the path and its permissions").format(
                file=error.filename or _("a file"), error=error.strerror or error))  # fmt: skip
            raise typer.Exit(1) from None
        except Exception as error:
            if os.environ.get("DIDYMIUM_DEBUG"):
                raise
            said = " ".join(f"{type(error).__name__}: {error}".split())
            say(_("a fault of didymium: {error} -> set DIDYMIUM_DEBUG=1 for the traceback, and report it").format(
                error=said))  # fmt: skip
            raise typer.Exit(2) from None

    return run


def say(line: str) -> None:
    """Print a line beside the answer, so that a pipe gets the answer alone."""
    print(line, file=sys.stderr)
