"""Onboarding of an account (manual 1.1.1, 1.1.2) in steps, each safe to repeat after a crash at any line.

    make_requests          keys and requests (CSR)      ledger: requested
    mail_requests          requests to the office       ledger: mailed
    collect_certificates   the office's answer          ledger: received
      (or collect_files, collect_texts, receive_certificates; or adopt, with keys made elsewhere)
    activate               the service's answer         ledger: active, and the account's row

Every step reads the ledger (table `onboarding`) first and does nothing that is done. Commit points:

* keys are committed, encrypted, together with their requests before any request leaves the clinic; a crash
  earlier leaves nothing, and the next run makes other keys that nobody has seen;
* the Message-ID is committed before the mail is sent; a crash between sending and `mailed` sends the same
  message with the same Message-ID again, and the office answers the same keys with the same certificates;
* certificates are committed only after the complete check; the letter is marked as handled only after that;
* the service registers before it answers, and answers a repeated activation alike; the account's row, the
  ledger's `active` and the audit event are one transaction.

While the office has not answered: `waiting` (who asked, refusals, reminders, giving up).

Not protected: mail can be forged. A forged certificate does not pass (it must belong to our keys, and come
from the office's authority where that is pinned), but the service's authority is believed as it comes, unless
pinned: put `office.pem` and `service.pem` into `clinic/trust/` when you got them on a safer way.
"""

from erepo.clinic.onboarding.activation import activate, bundles
from erepo.clinic.onboarding.adopting import PemPair, adopt, read_pairs
from erepo.clinic.onboarding.certificates import (
    check,
    collect_certificates,
    collect_files,
    collect_texts,
    receive_certificates,
)
from erepo.clinic.onboarding.ledger import STEPS, Bundles, Entry, Refusal, Step, Waiting, entries, progress
from erepo.clinic.onboarding.mailing import mail_requests
from erepo.clinic.onboarding.pins import Pins
from erepo.clinic.onboarding.requests import Form, Requests, make_requests
from erepo.clinic.onboarding.sorting import accounts_named
from erepo.clinic.onboarding.waiting import abandon, answered, ask, open_accounts, refuse, remind

__all__ = [
    "STEPS",
    "Bundles",
    "Entry",
    "Form",
    "PemPair",
    "Pins",
    "Refusal",
    "Requests",
    "Step",
    "Waiting",
    "abandon",
    "accounts_named",
    "activate",
    "adopt",
    "answered",
    "ask",
    "bundles",
    "check",
    "collect_certificates",
    "collect_files",
    "collect_texts",
    "entries",
    "mail_requests",
    "make_requests",
    "open_accounts",
    "progress",
    "read_pairs",
    "receive_certificates",
    "refuse",
    "remind",
]
