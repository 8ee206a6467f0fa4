"""What can be wrong with an identifier. The identifier itself never enters an error: it may be a patient's.

InvalidInput
└── IdentifierInvalid      base: `data["kind"]` names the identifier, e.g. "PESEL"
    ├── FormWrong          wrong length or characters
    ├── CheckDigitWrong    the check digit does not fit the others
    └── DateImpossible     the date inside does not exist
"""

from erepo.errors import InvalidInput
from erepo.texts import Text


class IdentifierInvalid(InvalidInput):
    """An identifier does not satisfy its rules; `kind` names which identifier it is."""

    code = "identifier.invalid"
    cause = Text("The {kind} is not valid.", "Identyfikator {kind} jest nieprawidłowy.")
    cure = Text("Compare it with the source document.", "Porównaj go z dokumentem źródłowym.")


class FormWrong(IdentifierInvalid):
    """Wrong length or characters; `expected` tells the right form."""

    code = "identifier.form"
    cause = Text(
        "The {kind} does not have its form ({expected}).",
        "Identyfikator {kind} nie ma wymaganej postaci ({expected}).",
    )


class CheckDigitWrong(IdentifierInvalid):
    """The check digit does not fit the other digits."""

    code = "identifier.check-digit"
    cause = Text(
        "The check digit of the {kind} does not fit its other digits.",
        "Cyfra kontrolna identyfikatora {kind} nie zgadza się z pozostałymi cyframi.",
    )
    cure = Text("Look for a mistyped digit.", "Sprawdź, czy nie ma pomyłki w którejś z cyfr.")


class DateImpossible(IdentifierInvalid):
    """The date of birth inside does not exist."""

    code = "identifier.date"
    cause = Text(
        "The date of birth inside the {kind} does not exist.",
        "Data urodzenia zapisana w identyfikatorze {kind} nie istnieje.",
    )
    cure = Text("Look for a mistyped digit.", "Sprawdź, czy nie ma pomyłki w którejś z cyfr.")
