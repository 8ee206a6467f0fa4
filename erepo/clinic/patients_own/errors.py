"""Errors of collecting what patients gave.

InvalidInput
└── OwnDocumentRemoved    the clinic has removed the very same document
IntegrityError
└── OwnDocumentDiffers    other octets came, or lie here, than the service announced
"""

from erepo.errors import IntegrityError, InvalidInput
from erepo.texts import Text


class OwnDocumentDiffers(IntegrityError):
    """Nothing was confirmed: the service keeps the document."""

    code = "patients-own.differs"
    cause = Text(
        "A document of a patient differs from what the service announced ({what}); the service keeps it.",
        "Dokument pacjenta różni się od zapowiedzianego przez usługę ({what}); usługa nadal go przechowuje.",
    )
    cure = Text(
        "It is fetched again with the next run. If this repeats, tell the service's operator.",
        "Następne uruchomienie pobierze go ponownie. Jeśli to się powtarza, powiadom operatora usługi.",
    )


class OwnDocumentRemoved(InvalidInput):
    """Its octets are here no more, and what was removed does not come back by itself."""

    code = "patients-own.removed"
    cause = Text(
        "The clinic has had the very same document and has removed it.",
        "Placówka miała już ten sam dokument i go usunęła.",
    )
    cure = Text(
        "Look at the file in patients-own/refused, and ask the patient what it is meant for.",
        "Obejrzyj plik w patients-own/refused i zapytaj pacjenta, do czego ma służyć.",
    )
