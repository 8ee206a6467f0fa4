"""Consents: which documents of an account others may see, from when until when (manual 1.4)."""

from erepo.cloud.consents.decision import Consent, Kind, Reader, State, grants, state_of
from erepo.cloud.consents.errors import NothingVisible
from erepo.cloud.consents.opening import Opened, open_shared, still
from erepo.cloud.consents.visibility import Visible, check, shared_with, visible

__all__ = [
    "Consent",
    "Kind",
    "NothingVisible",
    "Opened",
    "Reader",
    "State",
    "Visible",
    "check",
    "grants",
    "open_shared",
    "shared_with",
    "state_of",
    "still",
    "visible",
]
