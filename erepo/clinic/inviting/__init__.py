"""Inviting patients, whose identity the clinic has checked, to the service's portal (manual 1.4)."""

from erepo.clinic.inviting.errors import InvitationUnknown, InvitationUnusable
from erepo.clinic.inviting.service import Invitation, invitations, invite, remove, resume
from erepo.clinic.inviting.wanted import Wanted

__all__ = [
    "Invitation",
    "InvitationUnknown",
    "InvitationUnusable",
    "Wanted",
    "invitations",
    "invite",
    "remove",
    "resume",
]
