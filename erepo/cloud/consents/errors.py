"""Errors about consents.

InvalidInput
├── ConsentInvalid           the body is not a consent
└── ConsentDocumentsUnfit    documents that are not the account's, of another patient, or not Approved
PermanentError
├── ConsentConflict          the id is that of another consent
├── ConsentUnknown           the account has no consent of this id
└── NothingVisible           the reader sees nothing here; told outside like what does not exist
AccessRefused
└── ConsentEnded             it ended while its documents were under way
"""

from erepo.errors import AccessRefused, InvalidInput, PermanentError
from erepo.texts import Text


class ConsentInvalid(InvalidInput):
    """`field` names the first that is wrong; nothing of its value is told."""

    code = "consent.invalid"
    cause = Text("The consent was not taken: field {field}.", "Zgody nie przyjęto: pole {field}.")
    cure = Text(
        "Correct the field by the OpenAPI description and send the consent again.",
        "Popraw to pole zgodnie z opisem OpenAPI i wyślij zgodę ponownie.",
    )


class ConsentDocumentsUnfit(InvalidInput):
    """Nothing was kept; `count` of them, `documents` are their uniqueIds (the first hundred)."""

    code = "consent.documents-unfit"
    shown = ("count", "documents")
    cause = Text(
        "Some documents cannot be shared, {count} of them: not stored by this account, not registered as"
        " Approved, or of another patient.",
        "Części dokumentów nie można udostępnić ({count}): nie są przechowywane przez to konto, nie mają"
        " statusu Approved albo dotyczą innego pacjenta.",
    )
    cure = Text(
        "Archive these documents first, or leave them out, and send the consent again under a new id.",
        "Najpierw zarchiwizuj te dokumenty albo je pomiń i wyślij zgodę ponownie z nowym identyfikatorem.",
    )


class ConsentConflict(PermanentError):
    """Another body came under an id that is taken."""

    code = "consent.conflict"
    cause = Text(
        "A consent of this id is there already, and it says something else.",
        "Zgoda o tym identyfikatorze już istnieje i ma inną treść.",
    )
    cure = Text(
        "Send the new consent under a new id; a consent is never changed, only revoked.",
        "Wyślij nową zgodę z nowym identyfikatorem; zgody się nie zmienia, można ją tylko cofnąć.",
    )


class ConsentUnknown(PermanentError):
    """The account has none of this id."""

    code = "consent.unknown"
    cause = Text("The account has no consent of this id.", "Konto nie ma zgody o tym identyfikatorze.")
    cure = Text(
        "Compare the id with the list of consents; send the consent if it never arrived.",
        "Porównaj identyfikator z listą zgód; jeśli zgoda nie dotarła, wyślij ją.",
    )


class NothingVisible(PermanentError):
    """No consent shows this to the reader; whoever tells it outside says what is said of unknown ids."""

    code = "consent.nothing-visible"
    cause = Text("There is nothing here.", "Nic tu nie ma.")
    cure = Text("Check the address and the id.", "Sprawdź adres i identyfikator.")


class ConsentEnded(AccessRefused):
    """The consent was revoked, or its time ended, while the answer was being sent."""

    code = "consent.ended"
    cause = Text(
        "The consent ended while documents were being sent; the rest was withheld.",
        "Zgoda wygasła w trakcie wysyłania dokumentów; pozostałej części nie wysłano.",
    )
    cure = Text("Ask the owner for a new consent.", "Poproś właściciela o nową zgodę.")
