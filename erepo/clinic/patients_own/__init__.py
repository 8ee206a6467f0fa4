"""Documents that patients give through the service's application ("Dokument własny pacjenta").

They are collected into the intake: a PDF or picture inside a document of PIK's alternative form, a CDA
document as it is. The service keeps each until we have told it that ours is durable and was read back equal.
"""

from erepo.clinic.patients_own.collecting import Collected, Collector, collect

__all__ = ["Collected", "Collector", "collect"]
