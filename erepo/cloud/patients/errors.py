"""Errors about patients' accounts.

InvalidInput
├── PatientInvalid           the body is not that of an invitation
└── PatientUnreachable       neither an e-mail address, nor a number that messages can be sent to
PermanentError
├── PatientConflict          the id is that of another invitation
└── PatientUnknown           the clinic has invited nobody under this id
RetryableError
└── PatientAddressBusy       too many invitations of a day go to one address
"""

from erepo.errors import InvalidInput, PermanentError, RetryableError
from erepo.texts import Text


class PatientInvalid(InvalidInput):
    """`field` names the first that is wrong; nothing of its value is told."""

    code = "patients.invalid"
    cause = Text("The invitation was not taken: field {field}.", "Zaproszenia nie przyjęto: pole {field}.")
    cure = Text(
        "Correct the field by the OpenAPI description and send the invitation again.",
        "Popraw to pole zgodnie z opisem OpenAPI i wyślij zaproszenie ponownie.",
    )


class PatientUnreachable(InvalidInput):
    """No code would ever reach the person."""

    code = "patients.unreachable"
    cause = Text(
        "No message can be sent to this person: there is no e-mail address, and this service sends no text"
        " messages.",
        "Do tej osoby nie można wysłać wiadomości: brak adresu e-mail, a ta usługa nie wysyła SMS-ów.",
    )
    cure = Text(
        "Ask the patient for an e-mail address and invite them with it.",
        "Poproś pacjenta o adres e-mail i wyślij zaproszenie na ten adres.",
    )


class PatientConflict(PermanentError):
    """Another body came under an id that is taken."""

    code = "patients.conflict"
    cause = Text(
        "An invitation of this id is there already, and it says something else.",
        "Zaproszenie o tym identyfikatorze już istnieje i ma inną treść.",
    )
    cure = Text("Send the new one under a new id.", "Wyślij nowe zaproszenie z nowym identyfikatorem.")


class PatientUnknown(PermanentError):
    """The clinic has none of this id."""

    code = "patients.unknown"
    cause = Text(
        "The account has invited nobody under this id.",
        "Konto nikogo nie zaprosiło pod tym identyfikatorem.",
    )
    cure = Text(
        "Compare the id with the list of patients; send the invitation if it never arrived.",
        "Porównaj identyfikator z listą pacjentów; jeśli zaproszenie nie dotarło, wyślij je.",
    )


class PatientAddressBusy(RetryableError):
    """Each invitation is a message: nobody's mailbox is filled by a clinic, whatever names it gives."""

    code = "patients.address-busy"
    cause = Text(
        "The account has sent {limit} invitations to this address within a day.",
        "W ciągu doby konto wysłało na ten adres już tyle zaproszeń: {limit}.",
    )
    cure = Text(
        "Send the others tomorrow; check that the address is the patient's own.",
        "Pozostałe wyślij jutro; sprawdź, czy to adres pacjenta.",
    )
