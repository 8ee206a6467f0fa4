"""Identifiers of people, organisations and objects: parsed, checked, formatted. No input or output here."""

from erepo.identifiers.errors import CheckDigitWrong, DateImpossible, FormWrong, IdentifierInvalid
from erepo.identifiers.hl7 import CE, CX, XCN, XON, ReferenceId
from erepo.identifiers.npwz import Npwz, NurseNpwz
from erepo.identifiers.pesel import Pesel
from erepo.identifiers.regon import Regon
from erepo.identifiers.resort import ResortCodes

__all__ = [
    "CE",
    "CX",
    "XCN",
    "XON",
    "CheckDigitWrong",
    "DateImpossible",
    "FormWrong",
    "IdentifierInvalid",
    "Npwz",
    "NurseNpwz",
    "Pesel",
    "ReferenceId",
    "Regon",
    "ResortCodes",
]
