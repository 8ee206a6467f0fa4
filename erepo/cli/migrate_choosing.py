"""How commands say which documents: options, and what they mean."""

from datetime import date, datetime
from typing import Annotated, Any, Final

import typer

from erepo.cli.patients import asked_patient
from erepo.clinic.database import Database
from erepo.clinic.kinds import parse_kind
from erepo.clinic.migrating import Selection, patient_number

#: Of a patient's number; the flow takes no longer ones either.
_DIGITS = 7
_FORMATS = ["%Y-%m-%d"]
_DATE: Final = "YYYY-MM-DD"

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="Ids of documents.")]
As = Annotated[str, typer.Option("--as", help="Login of the person who orders it (`erepo structure`).")]
Kinds = Annotated[
    list[str] | None, typer.Option("--kind", help="Only this kind (`erepo kinds list`); may be repeated.")
]
Patient = Annotated[
    str,
    typer.Option(
        "--patient",
        help="Only of one patient: `-` reads the identifier from the input; or the patient's number.",
    ),
]
Issued = Annotated[
    datetime | None,
    typer.Option("--from", formats=_FORMATS, metavar=_DATE, help="Issued on this day or later."),
]
IssuedTo = Annotated[
    datetime | None,
    typer.Option("--until", formats=_FORMATS, metavar=_DATE, help="Issued on this day or earlier."),
]
Archived = Annotated[
    datetime | None,
    typer.Option("--archived-from", formats=_FORMATS, metavar=_DATE, help="Archived then or later."),
]
ArchivedTo = Annotated[
    datetime | None,
    typer.Option("--archived-until", formats=_FORMATS, metavar=_DATE, help="Archived then or earlier."),
]
Everything = Annotated[bool, typer.Option("--all", help="All documents; needed when nothing else is given.")]
Limit = Annotated[int, typer.Option("--limit", min=0, help="At most so many; 0: all.")]


def selection(  # noqa: PLR0913 - one for each option
    database: Database,
    ids: list[str] | None,
    kinds: list[str] | None,
    patient: str,
    issued: tuple[datetime | None, datetime | None],
    archived: tuple[datetime | None, datetime | None],
    *,
    everything: bool,
    limit: int,
) -> Selection:
    """Return what the options mean.

    Raises:
        UnknownKind, PatientNotHere…: a value means nothing here.
    """
    return Selection(
        ids=tuple(ids or ()),
        kinds=tuple(parse_kind(one) for one in kinds or ()),
        patient=_number(database, patient) if patient else 0,
        effective=(_day(issued[0]), _day(issued[1])),
        archived=(_day(archived[0]), _day(archived[1])),
        everything=everything,
        most=limit,
    )


def flow_parameters(wanted: Selection, login: str) -> dict[str, Any]:
    """Return a confirmed order as parameters of the flow migrate-documents."""
    return {
        "acting_user": login,
        "ids": list(wanted.ids),
        "kinds": [str(kind) for kind in wanted.kinds],
        "whose": wanted.patient,
        "issued_from": str(wanted.effective[0] or ""),
        "issued_until": str(wanted.effective[1] or ""),
        "archived_from": str(wanted.archived[0] or ""),
        "archived_until": str(wanted.archived[1] or ""),
        "everything": wanted.everything,
        "most_documents": wanted.most,
        "dry_run": False,
        "confirmed": True,
    }


def asked_number(database: Database) -> int:
    """Return the number of the patient whose identifier is typed unseen, or stands on the input.

    Raises:
        PatientNotHere: the clinic has no document of this patient.
        ErepoError: it is no identifier of a patient.
    """
    whose = asked_patient()
    with database.read() as connection:
        return patient_number(connection, whose)


def _number(database: Database, text: str) -> int:
    if text == "-":
        return asked_number(database)
    # Arguments are seen by everybody on the machine, and stay in the shell's history.
    if not text.isdecimal() or len(text) > _DIGITS:
        raise typer.BadParameter("write --patient - and give the identifier on the input")
    return int(text)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
