"""Errors of collecting what patients gave.

IntegrityError
└── OwnDocumentDiffers    other octets came, or lie here, than the service announced
"""

from erepo.errors import IntegrityError
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
