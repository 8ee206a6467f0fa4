"""Sharing documents by consents (manual 1.2 "Udostępnij", 1.4 "Rejestr zgód"): none is lost or forgotten.

A consent is written down with an id of ours, and never changes but for its state. Commit points:

    D  draft     patient, recipient, validity, reason, documents; nothing leaves     one transaction
    O  order     draft → ordered; local documents become due                         one transaction
       deposit   archiving by the chosen ids, with all its own points
    S  seal      ordered → sent, with the very octets that go out, once every document is there
    M  mark      the attempt and its time, before each request
       send      POST with the account's signature; the same octets every time
    A  answer    sent → scheduled | active | expired, by the clock; or refused, with the reason
    I  intent    a person revokes: → revoking, with the octets that say so
       revoke    DELETE, repeated until the service confirms it
    R  revoked   revoking → revoked

What a kill -9, a power cut or a lost connection leaves behind, and who repairs it (`settle`):

    interrupted        consent    documents   service has  next run
    -----------------  ---------  ----------  -----------  ------------------------------------------------
    before O           draft      as they are nothing      nothing: a person sends or leaves it
    O … S              ordered    any         nothing      archives what is missing, seals, sends
    S … M              sent       there       nothing      sends
    M … send, or its   sent       there       all or       asks by the id: there → A; not there → sends the
    answer lost                               nothing      same octets, which change nothing where they are
    send … A           sent       there       all          asks, A
    I … revoke, or its revoking   there       all          revokes again; the answer is the same
    answer lost
    revoke … R         revoking   there       ended        revokes again, R

Revoked while the consent itself was on its way: the service may not know it yet and a late request could
bring it. So a consent that the service does not know stays `revoking` for `ledger.GRACE` after its last
attempt: older signatures are refused by the service; and whoever brings it there meanwhile ends it at once.

What a recipient sees of a new version: nothing. A consent names documents, not what takes their place. After
a replacement (RPLC) they still see the version that was chosen, as Deprecated; the newer one needs a consent
of its own. The register marks such documents. A document that a consent shows cannot be migrated, deleted or
destroyed before the consent has ended (`erepo.clinic.shared`); purging its copy here changes nothing for it.
"""

from erepo.clinic.sharing.channel import Channel
from erepo.clinic.sharing.drafting import Wanted, draft
from erepo.clinic.sharing.input import Recipient
from erepo.clinic.sharing.listing import Change, Details, Line, Search, describe, find, history, show
from erepo.clinic.sharing.revoking import REASON, Revocation, deliver, order_revocation
from erepo.clinic.sharing.sending import Shared, share
from erepo.clinic.sharing.settling import Settled, is_due, settle
from erepo.clinic.sharing.states import ConsentState

__all__ = [
    "REASON",
    "Change",
    "Channel",
    "ConsentState",
    "Details",
    "Line",
    "Recipient",
    "Revocation",
    "Search",
    "Settled",
    "Shared",
    "Wanted",
    "deliver",
    "describe",
    "draft",
    "find",
    "history",
    "is_due",
    "order_revocation",
    "settle",
    "share",
    "show",
]
