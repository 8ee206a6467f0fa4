"""Versions of documents: a correction or a cancelling document takes the place of what it names.

PIK: a correction has a new id, the same setId, a higher versionNumber and `relatedDocument` RPLC with its
parent; a cancelling document (template .1.14) names what it cancels in the same way. In the registry both are
the association RPLC, which deprecates the older one (ITI TF-3 4.2.2.2.3); the older one must be registered
first (ITI TF-2 3.42.4.1.3.3). What happens to the newer one, by where the older one stands on our side:

    the older one is …                      the newer one …
    --------------------------------------  -----------------------------------------------------------------
    archived, remote                        is sent with RPLC to its entry
    local and archived by itself, queued,   waits in `local` with reason `chain.waits`; the same run plans
      sending, migrating                      again once the older one has arrived
    local, of a kind that is not archived   goes as an original, `chain.predecessor-not-archived`
      by itself; rejected; blocked; deleted
    never seen here                         the registry is asked by the id that the document names:
                                              Approved there → RPLC to that entry
                                              Deprecated there → original, `chain.forked`
                                              not there → original, `chain.predecessor-unknown`

A document that was fetched from another provider takes the place of documents fetched from others alone,
whatever it says; otherwise it goes as an original, `chain.of-another-provider`. What a patient gave neither
takes the place of anything else, nor is the older version of anything else.

An original whose older version arrives later is linked afterwards (ITI-57): by a further RPLC, or, when it
has been replaced itself by then, by deprecating the older one. Of two documents that replace the same one the
first wins; the second becomes an original with `chain.forked`. A document that was migrated back and is
archived again is linked again: in the order of the versions where both return; where the older one stayed,
and is still shown as replaced, that is all the registry can be told (`chain.linked-by-status`). A
relationship that the registry refuses is given up, not the document: `chain.refused`. Nothing waits for ever,
and nothing is lost.

What a document says it replaces stands in `chain_link`, one row, written at intake. Its crash windows:

    interrupted                          database says   registry has   next run
    -----------------------------------  --------------  -------------  ------------------------------------
    successor planned, predecessor gone  queued, open    v1             reads the predecessor's state again
    sent, answer lost                    sending, open   v1←v2 or v1    asks; found → archived, link open
    archived, link not noted             archived, open  v1←v2          asks for the association, notes it
    ITI-57 sent, answer lost             archived, open  v1←v2 or not   the same question first
"""

from erepo.clinic.chain.linking import settle_links
from erepo.clinic.chain.looking import look
from erepo.clinic.chain.noting import come_back, linked, loosen, note, reopen, resend
from erepo.clinic.chain.reading import Chain, Version, read_chain
from erepo.clinic.chain.waiting import count_waiting, mark_waiting, waits

__all__ = [
    "Chain",
    "Version",
    "come_back",
    "count_waiting",
    "linked",
    "look",
    "loosen",
    "mark_waiting",
    "note",
    "read_chain",
    "reopen",
    "resend",
    "settle_links",
    "waits",
]
