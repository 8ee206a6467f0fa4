"""Errors of inviting patients to the portal.

InvalidInput
├── InvitationUnusable   a number or an address that cannot be used
└── InvitationUnknown    no invitation of this id counts
"""

from collections.abc import Mapping
from typing import Final

from erepo.errors import InvalidInput
from erepo.texts import Language, Text

_FIELDS: Final[Mapping[str, Text]] = {
    "patient": Text("the PESEL is wrong", "nieprawidłowy PESEL"),
    "email": Text("the e-mail address is wrong", "nieprawidłowy adres e-mail"),
    "phone": Text("the telephone number is wrong", "nieprawidłowy numer telefonu"),
    "contact": Text(
        "neither an e-mail address nor a telephone number is given",
        "nie podano adresu e-mail ani numeru telefonu",
    ),
}


class InvitationUnusable(InvalidInput):
    """`field` names what is wrong: `patient`, `email`, `phone` or `contact`; nothing of it is told."""

    code = "inviting.unusable"
    cause = Text("The invitation cannot be sent: {field}.", "Nie można wysłać zaproszenia: {field}.")
    cure = Text(
        "Give a valid PESEL, and an e-mail address, or a telephone number with its country code (+48…).",
        "Podaj prawidłowy PESEL oraz adres e-mail albo numer telefonu z numerem kierunkowym kraju (+48…).",
    )

    def explain(self, language: Language) -> tuple[str, str]:
        """Return cause and cure, with what is wrong in words of the language."""
        field = _FIELDS[str(self.data["field"])].fill(language)
        return self.cause.fill(language, field=field), self.cure.fill(language)


class InvitationUnknown(InvalidInput):
    """None of this id, or it has ended."""

    code = "inviting.unknown"
    cause = Text(
        "There is no invitation of this id that counts.", "Nie ma ważnego zaproszenia o tym identyfikatorze."
    )
    cure = Text("List them: `erepo patients list`.", "Wyświetl je: `erepo patients list`.")
