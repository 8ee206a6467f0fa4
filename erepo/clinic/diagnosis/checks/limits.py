"""Measures against limits: time of an answer (manual 2.2), clock, the account's fill, the disk."""

import os
import shutil

from erepo.clinic.diagnosis.errors import AccountFull, TimeLimitClose
from erepo.clinic.diagnosis.findings import Finding, Verdict
from erepo.clinic.diagnosis.ground import Ground
from erepo.clinic.diagnosis.machine_errors import ClockOff, DiskShort
from erepo.clinic.diagnosis.running import no_account
from erepo.errors import RemoteTimeout
from erepo.texts import Text

#: The share of an account from which the manual warns (1.1.2).
_WARNED = 0.9
_QUICK = Text(
    "The service answers in {took} s; the time limit is {seconds} s.",
    "Usługa odpowiada w {took} s; limit czasu operacji wynosi {seconds} s.",
)
_IN_TIME = Text(
    "This machine's clock differs from the service's by less than {seconds} s; {skew} s are allowed.",
    "Zegar tego komputera różni się od zegara usługi o mniej niż {seconds} s; dopuszczalne: {skew} s.",
)
_NO_TIME = Text("The service tells no time.", "Usługa nie podaje czasu.")
_ROOM = Text(
    "The account is filled to {percent} % of its bytes or documents.",
    "Konto jest zapełnione w {percent} % (bajty lub dokumenty).",
)
_NO_LIMIT = Text("The account has no limits.", "Konto nie ma limitów.")
_SPACE = Text(
    "{gigabytes} GB are free for the clinic's data.", "Na dane placówki jest {gigabytes} GB wolnego miejsca."
)


def time_limit(ground: Ground) -> Finding:
    """Hold the measured time of an answer against the setting."""
    row = ground.account()
    if row is None:
        return no_account()
    visit, allowed = ground.visit(), ground.settings.http.read
    if isinstance(visit.error, RemoteTimeout):
        return Finding.of(visit.error)
    if visit.state is None and visit.error is not None and visit.ahead is None:
        return Finding.unasked(visit.error)
    took = f"{visit.seconds:.2f}"
    spoken = Text(took, took.replace(".", ","))
    if visit.seconds > allowed / 2:
        close = TimeLimitClose(address=row.service_url, took=took, seconds=f"{allowed:g}", setting="READ")
        return Finding.of(close, Verdict.WARNING)
    return Finding.good(_QUICK, took=spoken, seconds=f"{allowed:g}")


def clock(ground: Ground) -> Finding:
    """Compare our clock with the service's, as the Date of its answers tells it."""
    if ground.account() is None:
        return no_account()
    visit, skew = ground.visit(), ground.settings.wss.skew
    if visit.ahead is None:
        return Finding.unasked(visit.error) if visit.error is not None else Finding.none(_NO_TIME)
    off = ClockOff(seconds=f"{abs(visit.ahead):.0f}", skew=f"{skew:.0f}")
    # The Date counts whole seconds, and an answer takes its time: less than a second is nothing.
    if abs(visit.ahead) > skew + 1:
        return Finding.of(off)
    if abs(visit.ahead) > skew / 2 + 1:
        return Finding.of(off, Verdict.WARNING)
    return Finding.good(_IN_TIME, seconds=f"{abs(visit.ahead) + 1:.0f}", skew=f"{skew:.0f}")


def quota(ground: Ground) -> Finding:
    """Hold what the account stores against what it may store."""
    if ground.account() is None:
        return no_account()
    visit = ground.visit()
    if visit.state is None:
        assert visit.error is not None
        return Finding.unasked(visit.error)
    shares = []
    for what, used, limit in (
        ("bytes", visit.state.used_bytes, visit.state.limit_bytes),
        ("documents", visit.state.used_documents, visit.state.limit_documents),
    ):
        if limit is not None:
            shares.append((used / limit if limit else 1.0, what, used, limit))
    if not shares:
        return Finding.none(_NO_LIMIT)
    share, what, used, limit = max(shares)
    percent = f"{100 * share:.0f}"
    if share < _WARNED:
        return Finding.good(_ROOM, percent=percent)
    full = AccountFull(percent=percent, used=used, limit=limit, what=what)
    return Finding.of(full, Verdict.PROBLEM if share >= 1 else Verdict.WARNING)


def disk(ground: Ground) -> Finding:
    """Look how much room is left where the clinic keeps its documents."""
    place = ground.settings.clinic_home
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    inodes = os.statvfs(place)
    limits = ground.settings.diagnosis
    short = DiskShort(free=usage.free, total=usage.total)
    if usage.free < limits.disk_problem or (inodes.f_files and not inodes.f_favail):
        return Finding.of(short)
    if usage.free < limits.disk_warning:
        return Finding.of(short, Verdict.WARNING)
    return Finding.good(_SPACE, gigabytes=f"{usage.free / 1e9:.0f}")
