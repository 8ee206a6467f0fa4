"""The resources of the patients' side, one module each; a new one is a row here."""

from typing import Final

from erepo.portal.routes import accesses, documents, own_documents, sessions, signing_in

ROUTERS: Final = (
    signing_in.router,
    sessions.router,
    documents.router,
    accesses.router,
    own_documents.router,
)
