"""One account in words, for people: what `tenant show` and `tenant set` tell of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.table import Table

from erepo.cli.cloud_words import account_state, certificate_state
from erepo.texts import Language, Text, day_words, moment_words, size_words

_NAMES: Final = {
    "account": Text("account", "konto"),
    "state": Text("state", "stan"),
    "security": Text("security", "ochrona"),
    "patients": Text("patients", "pacjenci"),
    "registeredPatients": Text("registered patients", "zarejestrowani pacjenci"),
    "codes": Text("codes", "kody"),
    "users": Text("acting user", "wskazanie użytkownika"),
    "signatures": Text("signatures in documents", "podpisy w dokumentach"),
    "emergencies": Text("emergencies", "sytuacje nagłe"),
    "usedBytes": Text("stored", "zajęte miejsce"),
    "usedDocuments": Text("documents", "dokumenty"),
    "validUntil": Text("valid until", "ważne do"),
    "repositoryUniqueId": Text("repository", "repozytorium"),
    "sourceId": Text("source", "źródło"),
    "lastCheck": Text("last check", "ostatnie sprawdzenie"),
    "uncheckedSince": Text("oldest reading", "najstarszy odczyt"),
}
_CERTIFICATE = Text("certificate", "certyfikat")
_UNTIL = Text(
    "{purpose}, {state}, until {day}, {fingerprint}…", "{purpose}, {state}, do {day}, {fingerprint}…"
)
_OF = Text("{used} of {limit}", "{used} z {limit}")
_NO_END = Text("no end", "bez końca")
_NEVER = Text("never", "nigdy")
_WELL = {True: Text("all well", "bez uwag"), False: Text("something is wrong", "są uwagi")}


def value_words(name: str, value: Any, speak: Language) -> str:
    """Return the value of an account's option as people read it; `name` is that of the column."""
    if name == "limit_bytes":
        return f"{size_words(value, speak)} ({value} B)"
    if name == "valid_until":
        return _NO_END.fill(speak) if value is None else str(value)
    return str(value)


def told(facts: Mapping[str, Any], certificates: Sequence[Mapping[str, str]], speak: Language) -> Table:
    """Return an account as a table without lines: one fact a line.

    Args:
        facts: as `tenant show --json` prints them.
        certificates: the same.
        speak: the language.
    """
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, label in _NAMES.items():
        table.add_row(label.fill(speak), _words(name, facts, speak))
    for each in certificates:
        words = _UNTIL.fill(
            speak,
            purpose=each["purpose"],
            state=certificate_state(each["state"], speak),
            day=day_words(datetime.fromisoformat(each["notAfter"])),
            fingerprint=each["fingerprint"][:16],
        )
        table.add_row(_CERTIFICATE.fill(speak), words)
    return table


def _words(name: str, facts: Mapping[str, Any], speak: Language) -> str:
    value = facts[name]
    if name == "usedBytes":
        used, limit = size_words(value, speak), size_words(facts["limitBytes"], speak)
        return _OF.fill(speak, used=used, limit=limit)
    if name == "usedDocuments":
        return _OF.fill(speak, used=value, limit=facts["limitDocuments"])
    if name == "validUntil":
        return value_words("valid_until", value, speak)
    if name == "lastCheck":
        return _last_check(value, facts["lastCheckWell"], speak)
    if name == "uncheckedSince":
        return "-" if value is None else _moment(value)
    return account_state(value, speak) if name == "state" else str(value)


def _last_check(at: str | None, well: object, speak: Language) -> str:
    if at is None:
        return _NEVER.fill(speak)
    return f"{_moment(at)}, {_WELL[bool(well)].fill(speak)}"


def _moment(iso: str) -> str:
    return moment_words(datetime.fromisoformat(iso))
