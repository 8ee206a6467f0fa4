"""Asking whose documents are meant, where no argument can be seen by other users of the machine."""

import getpass
import sys

import typer

from erepo.clinic.intake import parse_patient
from erepo.identifiers.hl7 import CX
from erepo.texts import Text, language

_ASK = Text("Patient (PESEL or HL7 CX): ", "Pacjent (PESEL lub HL7 CX): ")


def given_patient(option: str) -> CX | None:
    """Return the patient that `--patient -` stands for; None where the option is not given.

    Raises:
        typer.BadParameter: an identifier stands in the arguments, which every user of the machine can read.
        ErepoError: what was typed is no identifier of a patient.
    """
    if option not in {"", "-"}:
        raise typer.BadParameter("write --patient - and give the identifier on the input")
    return asked_patient() if option else None


def asked_patient() -> CX:
    """Return the patient that a person types unseen, or that stands on the standard input.

    Raises:
        ErepoError: it is no identifier of a patient.
    """
    if sys.stdin.isatty():
        return parse_patient(getpass.getpass(_ASK.fill(language())))
    return parse_patient(sys.stdin.readline())
