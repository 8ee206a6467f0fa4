"""Errors about documents that patients give.

InvalidInput
├── OwnDocumentKeyWrong      no usable Idempotency-Key
├── OwnDocumentTitleWrong    a title that cannot be written down
├── OwnDocumentEmpty         no octets
├── OwnDocumentConflict      the key came before, with another file
└── SettlementInvalid        the body of a confirmation is none
PermanentError
├── OwnDocumentUnknown       there is none of this id
├── OwnDocumentSettled       what is confirmed contradicts what it is
└── OwnDocumentDiffers       other octets were confirmed than were given
IntegrityError
└── OwnDocumentDamaged       what is kept does not open
AccessRefused
└── ClinicNotTheirs          the clinic has not made this patient an account
RetryableError
└── OwnDocumentLimit         too many, or too much, waits at the clinic already
"""

from erepo.errors import AccessRefused, IntegrityError, InvalidInput, PermanentError, RetryableError
from erepo.texts import Text


class OwnDocumentKeyWrong(InvalidInput):
    """Without a key a lost answer would make a second document."""

    code = "own-document.key"
    cause = Text(
        "The header Idempotency-Key is missing or longer than 200 characters.",
        "Brak nagłówka Idempotency-Key albo ma on ponad 200 znaków.",
    )
    cure = Text(
        "Send a fresh UUID with each document, and the same one again when an answer was lost.",
        "Wysyłaj z każdym dokumentem nowy UUID, a po utraconej odpowiedzi ten sam.",
    )


class OwnDocumentTitleWrong(InvalidInput):
    """Too long, or of characters that no document may hold."""

    code = "own-document.title"
    cause = Text(
        "The title is longer than {limit} characters, or holds some that cannot be written.",
        "Tytuł ma ponad {limit} znaków albo zawiera znaki, których nie można zapisać.",
    )
    cure = Text("Give a shorter title.", "Podaj krótszy tytuł.")


class OwnDocumentEmpty(InvalidInput):
    """Nothing came."""

    code = "own-document.empty"
    cause = Text("The file is empty.", "Plik jest pusty.")
    cure = Text("Choose the file again.", "Wybierz plik ponownie.")


class SettlementInvalid(InvalidInput):
    """`field` names the first that is wrong."""

    code = "own-document.settlement"
    cause = Text(
        "What became of the document was not understood: field {field}.",
        "Nie zrozumiano, co stało się z dokumentem: pole {field}.",
    )
    cure = Text(
        "Correct the field by the OpenAPI description and send it again.",
        "Popraw to pole zgodnie z opisem OpenAPI i wyślij ponownie.",
    )


class OwnDocumentConflict(InvalidInput):
    """Another file under a key that is taken."""

    code = "own-document.conflict"
    cause = Text(
        "Another document was given with this Idempotency-Key.",
        "Z tym Idempotency-Key przekazano już inny dokument.",
    )
    cure = Text("Send this one with a fresh key.", "Wyślij ten dokument z nowym kluczem.")


class OwnDocumentUnknown(PermanentError):
    """Nobody gave the account a document of this id."""

    code = "own-document.unknown"
    cause = Text("There is no document of this id.", "Nie ma dokumentu o tym identyfikatorze.")
    cure = Text("Compare the id with the list.", "Porównaj identyfikator z listą.")


class OwnDocumentSettled(PermanentError):
    """A document that is `state` cannot become `wanted`."""

    code = "own-document.settled"
    shown = ("state",)
    cause = Text(
        "The document is {state} and cannot become {wanted}.",
        "Dokument ma stan {state} i nie może przejść w stan {wanted}.",
    )
    cure = Text(
        "Read the list again; what is settled stays as it is.",
        "Odczytaj listę ponownie; rozstrzygniętych dokumentów nie zmieniamy.",
    )


class OwnDocumentDiffers(PermanentError):
    """What the clinic has is not what the patient gave: the service keeps it."""

    code = "own-document.differs"
    cause = Text(
        "The SHA-256 that was confirmed is not that of the document.",
        "Potwierdzona suma SHA-256 nie jest sumą tego dokumentu.",
    )
    cure = Text("Fetch the document again.", "Pobierz dokument ponownie.")


class OwnDocumentDamaged(IntegrityError):
    """The octets are gone or changed: the operator has a backup, the patient the file."""

    code = "own-document.damaged"
    cause = Text(
        "The document that the service keeps is damaged.",
        "Dokument przechowywany przez usługę jest uszkodzony.",
    )
    cure = Text(
        "Tell the service's operator, and ask the patient to give it again.",
        "Powiadom operatora usługi i poproś pacjenta o ponowne przesłanie.",
    )


class ClinicNotTheirs(AccessRefused):
    """Told alike of clinics that do not exist."""

    code = "own-document.clinic"
    cause = Text(
        "You have no account at this clinic.",
        "Nie masz konta w tej placówce.",
    )
    cure = Text(
        "Choose one of your clinics, or ask the clinic for an invitation.",
        "Wybierz jedną ze swoich placówek albo poproś placówkę o zaproszenie.",
    )


class OwnDocumentLimit(RetryableError):
    """`limit` of `what` is reached: files, bytes, or files of a day."""

    code = "own-document.limit"
    cause = Text(
        "The clinic has not taken what you gave it before, or you gave much today (at most {limit}"
        " {unit_en}).",
        "Placówka nie odebrała jeszcze poprzednich dokumentów albo przekazano dziś wiele plików"
        " (najwyżej {limit} {unit_pl}).",
    )
    cure = Text("Try again tomorrow, or ask the clinic.", "Spróbuj jutro albo skontaktuj się z placówką.")
