"""The module's licence: signed by its issuer, with a validity that nobody here can edit.

Expired, archiving (and indexing) refuse before anything is sent; migration and reading go on (manual 1.5).
"""

from erepo.clinic.licence.keeping import current_licence, load_licence, require_licence
from erepo.clinic.licence.reading import Licence, licence_key, read_licence

__all__ = ["Licence", "current_licence", "licence_key", "load_licence", "read_licence", "require_licence"]
