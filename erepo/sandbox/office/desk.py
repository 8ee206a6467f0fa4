"""What waits for a person: the office by hand (`manual`) instead of by itself (`automatic`).

    mode                        the word; read for every letter, so it may be changed at any time
    pending/<number>.eml        letters that wait; the number is made of the two keys, not of the letter
    decided/<number>.eml        letters that were answered

Commit points: a letter is durable in `pending` before the SMTP dialogue ends with 250; its answer is durable
before it leaves `pending`, so that after a crash in between it is decided once more, and a certificate is
found again by its key. A reminder with the same two requests replaces the letter that waits.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography.x509.oid import NameOID

from erepo.durable import make_folder, write_durably
from erepo.pki.keys import check_public, public_der
from erepo.pki.names import CertificatePurpose
from erepo.sandbox.office.errors import RequestNotPending, SeveralPending
from erepo.sandbox.office.letters import Requests, parse, read_requests, sender

Mode = Literal["automatic", "manual"]


@dataclass(frozen=True)
class Pending:
    """One letter that waits for a decision."""

    number: str
    account: str
    sender: str
    organisation: str
    received_at: datetime
    letter: bytes


def mode(home: Path) -> Mode:
    """Tell how letters are dealt with now."""
    file = home / "mode"
    return "manual" if file.exists() and file.read_text(encoding="ascii").strip() == "manual" else "automatic"


def set_mode(home: Path, chosen: Mode) -> None:
    """Change how letters are dealt with from the next one on."""
    write_durably(home / "mode", [chosen.encode()], 0o644)


def put(home: Path, letter: bytes, requests: Requests) -> Path:
    """Lay a letter on the desk."""
    file = home / "pending" / f"{_number(requests)}.eml"
    write_durably(file, [letter])
    return file


def waiting(home: Path) -> list[Pending]:
    """Return what waits, oldest first."""
    return sorted(_waiting(home), key=lambda each: (each.received_at, each.number))


def find(home: Path, wanted: str) -> Pending:
    """Return the letter of a number (or its beginning), or of an account.

    Raises:
        RequestNotPending: there is none.
        SeveralPending: more than one fits.
    """
    found = [each for each in waiting(home) if each.account == wanted or each.number.startswith(wanted)]
    if not found:
        raise RequestNotPending(wanted=ascii(wanted)[1:-1][:40])
    if len(found) > 1:
        raise SeveralPending(wanted=ascii(wanted)[1:-1][:40], numbers=", ".join(one.number for one in found))
    return found[0]


def close(home: Path, number: str) -> None:
    """Take an answered letter off the desk; one that is off already is no error."""
    make_folder(home / "decided")
    file = home / "pending" / f"{number}.eml"
    if file.exists():
        file.replace(home / "decided" / file.name)


def _waiting(home: Path) -> Iterator[Pending]:
    for file in (home / "pending").glob("*.eml"):
        if file.name.startswith("."):
            continue
        octets = file.read_bytes()
        message = parse(octets)
        requests = read_requests(message)
        subject = requests.csrs[CertificatePurpose.TLS].subject
        names = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        yield Pending(
            number=file.stem,
            account=requests.account,
            sender=sender(message),
            organisation=str(names[0].value) if names else "",
            received_at=datetime.fromtimestamp(file.stat().st_mtime, UTC),
            letter=octets,
        )


def _number(requests: Requests) -> str:
    keys = [public_der(check_public(requests.csrs[purpose].public_key())) for purpose in CertificatePurpose]
    return hashlib.sha256(b"".join(keys)).hexdigest()[:12]
