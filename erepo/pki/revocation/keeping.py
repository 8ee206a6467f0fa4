"""The lists at hand: the operator's own files, and the last good one of each address, kept on disk.

    <folder>/<SHA-256 of address and authority>.crl      DER; its time of change says when it was fetched

A list is proven before it is kept and again when it is read back. One that is older than the kept one (an old
copy played to us over plain http) changes nothing.
"""

import hashlib
import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from erepo.durable import write_durably
from erepo.pki.bundle import fingerprint
from erepo.pki.revocation.crls import RevocationList, prove_list, read_list
from erepo.pki.revocation.errors import CrlUnusable, StatusUntrusted
from erepo.settings import RevocationSettings

log = logging.getLogger("erepo.pki")

#: Seconds for which the operator's files are not looked at again.
_LOOK: Final = 5.0
_Stamp = tuple[tuple[str, int, int], ...]


class Lists:
    """Safe to share between threads."""

    def __init__(self, settings: RevocationSettings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        self._lock = threading.Lock()
        self._kept: dict[str, RevocationList] = {}
        self._stamp: _Stamp = ()
        self._files: list[tuple[str, x509.CertificateRevocationList]] = []
        self._proven: dict[tuple[int, str], RevocationList] = {}
        self._looked = float("-inf")

    def configured(self, issuer: x509.Certificate, at: datetime) -> list[RevocationList]:
        """Return the operator's lists for an authority.

        Raises:
            CrlUnusable: a file is missing or no list: nobody can say for whom it would have been.
            CrlForged: one is in the authority's name and not signed by it.
        """
        with self._lock:
            self._look()
            found = []
            for number, (name, crl) in enumerate(self._files):
                if crl.issuer != issuer.subject:
                    continue
                key = number, fingerprint(issuer)
                if key not in self._proven:
                    self._proven[key] = prove_list(crl, issuer, name, at=at)
                found.append(self._proven[key])
            return found

    def _look(self) -> None:
        place = self._settings.crl
        if place is None or time.monotonic() - self._looked < _LOOK:
            return
        try:
            # Names with a dot in front: somebody is just writing a new one.
            paths = sorted(place.glob("[!.]*")) if place.is_dir() else [place]
            stats = [(path, path.stat()) for path in paths]
            stamp = tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)
            if stamp != self._stamp:
                self._files = [(path.name, read_list(path.read_bytes(), path.name)) for path in paths]
                self._proven.clear()
        except OSError as error:
            raise CrlUnusable(source=place.name, rule=error.strerror or "unreadable") from None
        self._stamp, self._looked = stamp, time.monotonic()

    def kept(self, url: str, issuer: x509.Certificate, at: datetime) -> RevocationList | None:
        """Return the last good list of an address, however old; None where there is none."""
        name = _name(url, issuer)
        with self._lock:
            if name not in self._kept:
                found = self._read(self._folder / name, url, issuer, at)
                if found is None:
                    return None
                self._kept[name] = found
            return self._kept[name]

    def _read(self, path: Path, url: str, issuer: x509.Certificate, at: datetime) -> RevocationList | None:
        try:
            fetched_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            crl = read_list(path.read_bytes(), path.name)
            return prove_list(crl, issuer, path.name, at=at, url=url, fetched_at=fetched_at)
        except FileNotFoundError:
            return None
        except (OSError, StatusUntrusted) as error:
            log.warning("a kept revocation list cannot be used: %s", type(error).__name__)
            return None

    def keep(self, url: str, fetched: RevocationList) -> RevocationList:
        """Keep a proven list that was fetched now; return the one that counts: it, or a newer one."""
        assert fetched.fetched_at is not None
        before = self.kept(url, fetched.issuer, fetched.fetched_at)
        if before is not None and before.crl.last_update_utc > fetched.crl.last_update_utc:
            log.warning("an older revocation list than the one at hand was sent and is not taken")
            return before
        name = _name(url, fetched.issuer)
        try:
            write_durably(self._folder / name, [fetched.crl.public_bytes(Encoding.DER)], mode=0o644)
            stamp = fetched.fetched_at.timestamp()
            os.utime(self._folder / name, (stamp, stamp))
        except OSError as error:
            # It counts all the same; only a restart would not know it.
            log.warning("a revocation list cannot be kept: %s", error.strerror)
        with self._lock:
            self._kept[name] = fetched
        return fetched

    @property
    def longest(self) -> timedelta:
        """How long a list counts since it was fetched."""
        return timedelta(seconds=self._settings.max_age)


def _name(url: str, issuer: x509.Certificate) -> str:
    return hashlib.sha256(f"{fingerprint(issuer)} {url}".encode()).hexdigest()[:48] + ".crl"
