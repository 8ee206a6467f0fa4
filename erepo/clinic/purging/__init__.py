"""Purging: content whose document lies in the repository leaves this place when its local days are over.

Only documents that are `archived`, whose kind is archived by itself, which are under no legal hold, and whose
local days have passed (manual 1.1.5: "Dostępny lokalnie przez (dni)") are purged. Of kinds that are due at
once the days count from archiving; the four kinds of P1 have spent theirs here before they were archived, so
their days count from intake. However few the days, a copy stays for one day after archiving.

Nothing is believed of what was once heard: in the very run the registry is asked again (hash and size equal,
one approved entry), and the octets are fetched and hashed (design §3.7). Commit points, in order:

    Q  ask      registry and repository confirm the document              nothing written
    R  remote   documents archived → remote, removal noted                one transaction for a group
    F  file     the files are removed and flushed, their notes deleted    one transaction for a group

What an end in between leaves behind, and who repairs it:

    ended      database says      here                 next run
    ---------  -----------------  -------------------  --------------------------------------------
    before R   archived           content              asks again
    R … F      remote, noted      content, unneeded    asks again, removes it, before anything else
    inside F   remote, noted      content, or none     the same
    after F    remote             nothing              nothing to do

A note counts only while its document is `remote` (or `deleted`): one that is being fetched back keeps what
has come, and one that has come back keeps its content and loses the note. Each document is locked while its
file goes, so that it cannot begin to come back in that moment.

Purging is the second half of moving a document, so it needs what archiving needs: a licence, and no open
maintenance window. Without them everything stays where it is.
"""

from erepo.clinic.purging.choosing import count_due
from erepo.clinic.purging.results import PurgeReport, total_of
from erepo.clinic.purging.working import Purging, purge

__all__ = ["PurgeReport", "Purging", "count_due", "purge", "total_of"]
