"""What every command about a case has in common: how the case is read, and where the answer goes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from didymium.cli.app import guarded, say
from didymium.cli.output import Json, Out, Tables, deliver, save, show
from didymium.messages import _

if TYPE_CHECKING:
    from didymium.case.case import Case
    from didymium.result import Result

CaseName = Annotated[
    str,
    typer.Argument(
        metavar="CASE",
        help=_("A bundled case (us-japan) or chain (us-japan/batteries), a folder, or a workbook."),
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="DATE", help=_("See only what was known on this day, YYYY-MM-DD; everything if not given.")
    ),
]
Overlay = Annotated[
    list[str] | None,
    typer.Option(
        "--overlay", metavar="FOLDER", help=_("Lay confidential rows over the case; may be repeated. They stay here.")
    ),
]
Internal = Annotated[
    bool,
    typer.Option("--internal", help=_("With --overlay: write every number to --out and --json, not classes of days.")),
]


@dataclass(frozen=True)
class Question:
    """How a command reads its case, and where its answer goes.

    Parameters
    ----------
    case : str
        Name, folder or workbook.
    as_of : str or None
        Day as of which the case is known.
    overlay : list of str or None
        Confidential rows laid over it.
    internal : bool
        What is written has every number of an overlay.
    out, as_json, tables
        Where the answer goes.
    """

    case: CaseName
    as_of: AsOf = None
    overlay: Overlay = None
    internal: Internal = False
    out: Out = None
    as_json: Json = False
    tables: Tables = None

    def load(self, public: bool = False) -> Case:
        """Return the case; without its overlays where only the public one is wanted."""
        import didymium

        return didymium.load_case(self.case, () if public else self.overlay or (), self.as_of)

    def answer(self, ask: Callable[[Case], Result]) -> Result:
        """Ask; print the answer, and save it where wanted. What is written of an overlay may leave the machine."""
        result = ask(self.load())
        if not self.overlay or self.internal or (self.out is None and not self.as_json):
            deliver(result, self.out, self.as_json, self.tables)
            return result
        import didymium

        outside = didymium.disclosed(result, ask(self.load(public=True)))
        show(outside if self.as_json else result, self.as_json, self.tables)
        if self.out is not None:
            save(outside, self.out)
        say(_("what is written holds classes of days in place of confidential numbers -> --internal for all of them"))
        return result


def about_a_case(command: Callable[..., None], default: str | None = None) -> Callable[..., None]:
    """Give a command that takes a :class:`Question` first the options of one around its own, and guard it.

    Parameters
    ----------
    command : callable
        The command.
    default : str, optional
        The case where none is named; it must be named where None.
    """
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in list(inspect.signature(command).parameters.values())[1:]
    ]
    common = {
        name: parameter.replace(annotation=hint)
        for (name, parameter), hint in zip(
            inspect.signature(Question).parameters.items(),
            get_type_hints(Question, include_extras=True).values(),
            strict=True,
        )
    }
    if default is not None:
        common["case"] = common["case"].replace(default=default)

    @functools.wraps(command)
    def run(**given: Any) -> None:
        asked = {field.name: given.pop(field.name) for field in fields(Question) if field.name in given}
        command(Question(**asked), **given)

    ordered = [common.pop("case"), *own, *common.values()]
    whole = guarded(run)
    for function in (run, whole):
        function.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]
        function.__annotations__ = {parameter.name: parameter.annotation for parameter in ordered}
        vars(function).pop("__wrapped__", None)
    return whole
