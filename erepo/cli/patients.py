"""Asking whose documents are meant, where no argument can be seen by other users of the machine."""

import getpass
import sys

from erepo.clinic.intake import parse_patient
from erepo.identifiers.hl7 import CX
from erepo.texts import Text, language

_ASK = Text("Patient (PESEL or HL7 CX): ", "Pacjent (PESEL lub HL7 CX): ")


def asked_patient() -> CX:
    """Return the patient that a person types unseen, or that stands on the standard input.

    Raises:
        ErepoError: it is no identifier of a patient.
    """
    if sys.stdin.isatty():
        return parse_patient(getpass.getpass(_ASK.fill(language())))
    return parse_patient(sys.stdin.readline())
