"""Documents that patients give to a clinic of theirs ("Dokument własny pacjenta"), kept until it has them."""

from erepo.cloud.patients_own.giving import Gift, Giver, give, given

__all__ = ["Gift", "Giver", "give", "given"]
