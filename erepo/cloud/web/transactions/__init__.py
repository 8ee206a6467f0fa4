"""The transactions of XDS.b that the service speaks: from a proven message to the body of its answer."""

from collections.abc import Mapping
from typing import Final

from erepo.cloud.audit.events import Action
from erepo.cloud.web.exchange import Transaction
from erepo.cloud.web.transactions.providing import provide
from erepo.cloud.web.transactions.querying import query
from erepo.cloud.web.transactions.registering import register
from erepo.cloud.web.transactions.removing import remove_documents, remove_objects
from erepo.cloud.web.transactions.retrieving import retrieve
from erepo.cloud.web.transactions.updating import update
from erepo.xds import iti18, iti41, iti42, iti43, iti57, iti62, iti86

#: By the last part of the endpoint's path, then by wsa:Action.
TRANSACTIONS: Final[Mapping[str, Mapping[str, Transaction]]] = {
    "repository": {
        iti41.ACTION: Transaction("ITI-41", Action.CREATE, provide),
        iti43.ACTION: Transaction("ITI-43", Action.READ, retrieve),
        iti86.ACTION: Transaction("ITI-86", Action.DELETE, remove_documents),
    },
    "registry": {
        iti18.ACTION: Transaction("ITI-18", Action.EXECUTE, query),
        iti42.ACTION: Transaction("ITI-42", Action.CREATE, register),
        iti57.ACTION: Transaction("ITI-57", Action.UPDATE, update),
        iti62.ACTION: Transaction("ITI-62", Action.DELETE, remove_objects),
    },
}
