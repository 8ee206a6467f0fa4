"""Signing in: nobody learns who has an account, codes are few and short-lived, locks grow and open again."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import event, func, select

from erepo.cloud.patients.keys import Keys
from erepo.cloud.storage.tables_portal import (
    portal_challenge,
    portal_code,
    portal_message,
    portal_session,
    portal_throttle,
)
from erepo.portal.sessions import COOKIE
from tests.support.descriptions import examples, indiscretions
from tests.support.portal import ADDRESS, OTHER, PESEL, STRANGER, World

_HIDDEN = {"date", "content-length"}


@pytest.fixture(autouse=True)
def fresh(world: World) -> None:
    """Begin each test a day later: every window and lock is over, and all that was written has come."""
    world.so_far()
    world.later(days=1, minutes=1)


@pytest.fixture(scope="module")
def invited(world: World) -> str:
    """The patient is invited once."""
    answer = world.invite(PESEL)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


@contextmanager
def statements(world: World) -> Iterator[list[tuple[str, int]]]:
    """Collect what the portal says to the database on behalf of requests: statements and their rows."""
    found: list[tuple[str, int]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if threading.current_thread().name != "erepo-messages":  # the sender's are nobody's request
            found.append((statement, len(parameters) if many else 1))

    event.listen(world.office.cloud.database.engine, "before_cursor_execute", hear)
    try:
        yield found
    finally:
        event.remove(world.office.cloud.database.engine, "before_cursor_execute", hear)


def shape(answer: httpx.Response) -> tuple[int, dict[str, str], str]:
    """Return what an answer shows, random values blanked."""
    headers = {name: value for name, value in answer.headers.items() if name not in _HIDDEN}
    return answer.status_code, headers, re.sub(r'"challenge":"[^"]{43}"', "…", answer.text)


def test_nobody_learns_who_has_an_account(
    world: World, invited: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same bytes, same statements with as many rows, as much hashing, sealing and opening."""
    work: list[str] = []
    for name in ("hash", "seal", "open"):
        real = getattr(Keys, name)

        def counted(self: Keys, what: str, *values: Any, _real: Any = real, _name: str = name) -> Any:
            if threading.current_thread().name != "erepo-messages":
                work.append(f"{_name} {what}")
            return _real(self, what, *values)

        monkeypatch.setattr(Keys, name, counted)
    seen = []
    warm = world.browser()  # what the address has asked before is no one's secret
    warm.type_code(warm.ask(OTHER).json()["challenge"], "00000000")
    for pesel in (PESEL, STRANGER):
        browser, letters = world.browser(), world.so_far()
        work.clear()
        with statements(world) as said:
            asked = browser.ask(pesel)
            wrong = browser.type_code(asked.json()["challenge"], "00000000")
        sealed = sorted(each for each in work if each != "hash contact")
        seen.append((shape(asked), shape(wrong), said, sealed))
        if pesel == PESEL:
            world.code(after=letters)
    known, unknown = seen
    assert known == unknown
    assert known[1][0] == 403
    with world.office.cloud.database.read() as connection:
        states = connection.execute(
            select(portal_message.c.state, func.count()).group_by(portal_message.c.state)
        )
        assert dict(states.all())["void"] >= 7


def test_a_code_is_used_once(world: World, invited: str) -> None:
    """The right code begins one session; the same again is as wrong as any other."""
    browser, letters = world.browser(), world.so_far()
    challenge = browser.ask(PESEL).json()["challenge"]
    code = world.code(after=letters)
    assert browser.type_code(challenge, code[1:] + str((int(code[0]) + 1) % 10)).status_code == 403
    assert browser.type_code(challenge, f"{code[:4]} {code[4:]}").status_code == 200
    again = world.browser().type_code(challenge, code)
    assert (again.status_code, again.json()["code"]) == (403, "portal.code-refused")
    with world.office.cloud.database.read() as connection:
        rows = connection.execute(select(portal_code)).all()
    assert rows
    assert not [row for row in rows if code.encode() in bytes(row.hash)]


def test_codes_end_with_time_and_tries(world: World, invited: str) -> None:
    """After ten minutes, or many wrong tries, the right code counts no more; nor does another challenge's."""
    browser, letters = world.browser(), world.so_far()
    first = browser.ask(PESEL).json()["challenge"]
    code = world.code(after=letters)
    second = browser.ask(PESEL).json()["challenge"]
    assert browser.type_code(second, code).status_code == 403
    world.later(seconds=600)
    assert browser.type_code(first, code).status_code == 403
    letters = world.so_far()
    third = browser.ask(PESEL).json()["challenge"]
    code = world.code(after=letters)
    for _ in range(4):
        assert browser.type_code(third, "00000000").status_code == 403
    locked = browser.type_code(third, code)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "60")
    world.later(minutes=1, seconds=1)
    assert browser.type_code(third, code).status_code == 200


def test_wrong_codes_lock_for_longer_and_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock tells nothing of who exists, grows to two minutes, and asking is refused while it lasts."""
    monkeypatch.setattr(world.office.settings.portal, "failures", 100)
    browser = world.browser()
    challenge = browser.ask(STRANGER).json()["challenge"]
    for _ in range(5):
        assert browser.type_code(challenge, "00000000").status_code == 403
    assert browser.ask(STRANGER).status_code == 429
    world.later(minutes=1, seconds=1)
    challenge = browser.ask(STRANGER).json()["challenge"]
    assert browser.type_code(challenge, "00000000").status_code == 403
    locked = browser.ask(STRANGER)
    assert (locked.status_code, locked.headers["retry-after"]) == (429, "120")
    assert "2 min" in locked.json()["detail"]
    assert locked.headers["content-language"] == "pl"
    english = browser.post("/sign-in", {"pesel": STRANGER}, **{"accept-language": "en;q=0.9, pl;q=0.1"})
    assert "Try again" in english.json()["detail"]


def test_asking_is_limited_by_person_and_by_address(world: World) -> None:
    """Five codes for one number in a quarter of an hour; so many for one address whatever the number."""
    browser = world.browser()
    for _ in range(5):
        assert browser.ask(STRANGER).status_code == 202
    assert browser.ask(STRANGER).status_code == 429
    world.office.settings.portal.asks = 7
    try:
        assert browser.ask(OTHER).status_code == 202
        assert browser.ask(OTHER).status_code == 202
        assert browser.ask(OTHER).status_code == 429
        world.later(minutes=15, seconds=1)
        assert browser.ask(OTHER).status_code == 202
    finally:
        world.office.settings.portal.asks = 30


def test_wrong_codes_of_one_address_are_counted_over_all_numbers(world: World) -> None:
    """Somebody who tries codes for many people is stopped at the address."""
    world.office.settings.portal.failures = 3
    try:
        browser = world.browser()
        for pesel in (STRANGER, OTHER, PESEL):
            challenge = browser.ask(pesel).json()["challenge"]
            assert browser.type_code(challenge, "00000000").status_code == 403
        assert browser.type_code(challenge, "00000000").status_code == 429
    finally:
        world.office.settings.portal.failures = 20


def test_nobody_locks_another_one_out(world: World, invited: str) -> None:
    """Whoever asks and guesses from elsewhere is stopped there; the person signs in as ever."""
    stranger = world.browser(at="127.0.0.2")
    challenge = stranger.ask(PESEL).json()["challenge"]
    for _ in range(5):
        assert stranger.type_code(challenge, "00000000").status_code == 403
    assert stranger.ask(PESEL).status_code == 429
    world.browser().sign_in(PESEL)
    assert stranger.ask(PESEL).status_code == 429


def test_guesses_from_everywhere_end(world: World, invited: str) -> None:
    """Sixty wrong codes of a person in a day are enough, wherever they come from."""
    world.office.settings.portal.failures = 100
    try:
        for part in range(2, 14):
            guesser = world.browser(at=f"127.0.0.{part}")
            challenge = guesser.ask(PESEL).json()["challenge"]
            for _ in range(5):
                assert guesser.type_code(challenge, "00000000").status_code == 403
        assert world.browser().ask(PESEL).status_code == 429
        world.later(days=1, seconds=1)
        world.browser().sign_in(PESEL)
    finally:
        world.office.settings.portal.failures = 20


@pytest.mark.parametrize("pesel", ["80051212358", "8005121235", "00000000000", "", "8005121235a"])
def test_a_wrong_number_is_told_before_anything_is_looked_up(world: World, pesel: str) -> None:
    """It says nothing of who exists, and is not repeated."""
    answer = world.browser().ask(pesel)
    assert (answer.status_code, answer.json()["code"]) == (400, "portal.pesel-invalid")
    assert set(answer.json()["cause"]) == {"pl", "en"}
    assert not pesel or pesel not in answer.text


def test_a_session_is_always_a_new_one(world: World, invited: str) -> None:
    """A value that a browser had before is never taken over, and what it stood for ends (fixation)."""
    browser = world.browser()
    browser.http.cookies.set(COOKIE, "A" * 43, domain="127.0.0.1")
    browser.sign_in(PESEL)
    values = [each.value for each in browser.http.cookies.jar if each.name == COOKIE and each.value]
    assert "A" * 43 not in values[-1:]
    browser.http.cookies.clear()
    first = world.browser()
    cookie = first.sign_in(PESEL).headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=strict; Secure", cookie)
    old = first.cookie
    first.sign_in(PESEL)
    assert first.cookie != old
    stale = world.browser()
    assert stale.get("/session", cookie=f"{COOKIE}={old}").status_code == 401
    assert first.get("/session").status_code == 200


def test_sessions_end(world: World, invited: str) -> None:
    """After idle time, after a life however much is asked, by signing out here, elsewhere, everywhere."""
    browser = world.browser()
    browser.sign_in(PESEL)
    world.later(seconds=899)
    assert browser.get("/session").status_code == 200
    world.later(seconds=901)
    assert browser.get("/session").status_code == 401
    browser.sign_in(PESEL)
    for _ in range(33):
        world.later(seconds=870)
        assert browser.get("/session").status_code == 200
    world.later(seconds=870)
    assert browser.get("/session").status_code == 401
    other = world.browser()
    browser.sign_in(PESEL)
    other.sign_in(PESEL, form="token")
    assert not other.cookie
    listed = browser.get("/sessions").json()["sessions"]
    assert sorted((each["form"], each["present"]) for each in listed) == [("cookie", True), ("token", False)]
    elsewhere = next(each["id"] for each in listed if not each["present"])
    assert browser.delete(f"/sessions/{'0' * 32}").status_code == 404
    assert browser.delete(f"/sessions/{elsewhere}").json() == {"ended": 1}
    assert other.get("/session").status_code == 401
    other.sign_in(PESEL, form="token")
    assert other.delete("/session").json() == {"ended": 1}
    other.sign_in(PESEL, form="token")
    assert browser.delete("/sessions").json() == {"ended": 2}
    assert (browser.get("/session").status_code, other.get("/session").status_code) == (401, 401)


def test_other_sites_change_nothing(world: World, invited: str) -> None:
    """Without the session's own header, from another origin, or as a form: refused, and the session stays."""
    browser = world.browser()
    browser.sign_in(PESEL)
    csrf, browser.csrf = browser.csrf, ""
    assert browser.delete("/session").json()["code"] == "portal.form-refused"
    assert browser.delete("/session", **{"x-erepo-csrf": "x" * 43}).status_code == 403
    for foreign in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert browser.delete("/session", **{"x-erepo-csrf": csrf}, **foreign).status_code == 403
        assert browser.post("/sign-in", {"pesel": PESEL}, **foreign).status_code == 403
    url = f"{world.url}/portal/api/sign-in"
    form = browser.http.post(
        url, content=json.dumps({"pesel": PESEL}), headers={"content-type": "text/plain"}
    )
    assert form.status_code == 400
    assert browser.get("/session").json()["csrf"] == csrf
    cookie_as_token = world.browser().get("/session", authorization=f"Bearer {browser.cookie}")
    assert cookie_as_token.status_code == 401


def test_headers_and_bounds(world: World) -> None:
    """Every answer, refusals too, is for nobody's cache, frame or sniffing; bodies have a bound."""
    browser = world.browser()
    for answer in (browser.get("/documents"), browser.get("/nothing"), browser.ask("1")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in answer.headers
    large = browser.post("/sign-in", {"pesel": "1" * 20_000})
    assert (large.status_code, large.json()["code"]) == (413, "portal.request-too-large")
    assert browser.post("/sign-in", {"pesel": PESEL, "extra": 1}).json()["code"] == "portal.request-invalid"
    assert browser.delete("/documents").status_code == 405
    described = browser.http.get(f"{world.url}/portal/openapi.json").json()
    assert {"/portal/api/sign-in", "/portal/api/documents", "/portal/api/accesses"} <= set(described["paths"])
    assert indiscretions(described) == []
    told = examples(described)
    assert len(told) > 15
    assert [place for place, true in told if not true] == []


def test_tables_hold_no_person_in_clear(world: World, invited: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither number nor address nor code stands in a column of the portal's tables, nor in any log."""
    browser = world.browser()
    with caplog.at_level(0):
        browser.sign_in(PESEL)
        browser.get("/documents")
    code = world.code()
    marks = [each.encode() for each in (PESEL, ADDRESS, code)]
    known = portal_session.metadata.sorted_tables
    tables = [table for table in known if table.name.startswith(("patient_", "portal_"))]
    assert {portal_challenge, portal_throttle} <= set(tables)
    with world.office.cloud.database.everyone("a test looks") as connection:
        rows = [row for table in tables for row in connection.execute(select(table)).all()]
    octets = [bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for row in rows for v in row]
    assert len(octets) > 100
    assert not [mark for mark in marks for each in octets if mark in each]
    ours = [each.getMessage() for each in caplog.records if each.name != "mail.log"]  # the tests' mail server
    logged = "".join([*ours, *world.sharing.cloud.log])
    assert "portal/api/documents" in logged
    assert not [mark for mark in marks if mark.decode() in logged]


def test_no_other_clinic_gets_the_codes(world: World, invited: str) -> None:
    """A clinic that invites another's patient to its own address opens its own documents, nothing else."""
    theirs = "ktos@inna.example"
    stranger = world.sharing.bystander
    first = world.invite(PESEL, theirs, by=stranger)
    # It hears the same whether or not somebody knows the person.
    new = world.invite(OTHER, theirs, by=stranger)
    assert set(first.json()) == set(new.json())
    assert first.status_code == new.status_code == 201
    at_theirs, own = world.browser(), world.browser()
    at_theirs.sign_in(PESEL, theirs)
    assert [each["account"] for each in at_theirs.get("/session").json()["clinics"]] == [stranger.account]
    own.sign_in(PESEL, ADDRESS)
    assert [each["account"] for each in own.get("/session").json()["clinics"]] == [
        world.sharing.owner.account
    ]
    assert world.remove(first.json()["id"], stranger).json()["state"] == "ended"
    assert at_theirs.get("/session").status_code == 401
    assert own.get("/session").status_code == 200
    assert world.remove(invited, stranger).status_code == 404


def test_a_changed_address_counts_at_once(world: World) -> None:
    """A new invitation takes the place of the former; its address is told, and sees nothing more."""
    old, new = "stary@poczta.example", "nowy@poczta.example"
    assert world.invite(OTHER, old).status_code == 201
    browser = world.browser()
    browser.sign_in(OTHER, old)
    assert world.invite(OTHER, new).status_code == 201
    assert browser.get("/session").status_code == 401
    before = world.so_far(new)
    browser.ask(OTHER)
    world.code(new, before)
    assert "inny adres" in world.letters(old)[-1]


def test_invitations_are_kept_once_and_only_signed(world: World) -> None:
    """201, 200 for the very same, 409 for another body; no signature, no PESEL or no address: nothing."""
    body = json.dumps(
        {
            "id": "7b1c2f4e-3c57-4d58-9a6e-0d6b3a1f2c11",
            "patient": {"root": "2.16.840.1.113883.3.4424.1.1.616", "extension": OTHER},
            "email": "x@poczta.example",
        }
    ).encode()
    assert [world.send("POST", "/patients", body).status_code for _ in range(2)] == [201, 200]
    other = world.send("POST", "/patients", body.replace(b"x@", b"y@"))
    assert (other.status_code, other.json()["code"]) == (409, "patients.conflict")
    assert world.send("POST", "/patients", body, seal="x..y").status_code == 403
    assert world.invite("80051212358").json()["code"] == "patients.invalid"
    assert world.invite(OTHER, None).json()["code"] == "patients.unreachable"
    assert world.invite(OTHER, None, phone="+48600100200").json()["code"] == "patients.unreachable"
    listed = world.send("GET", "/patients?limit=500").json()["patients"]
    assert {each["state"] for each in listed} <= {"invited", "ended"}
    assert OTHER not in json.dumps(listed)
    assert "poczta" not in json.dumps(listed)


def test_invitations_say_nothing_of_health(world: World, invited: str) -> None:
    """The mail names the clinic and the address to go to, and no number of a person, document or code."""
    letter = next(each for each in world.letters() if "umożliwia" in each)
    assert world.office.settings.portal_url in letter
    assert PESEL not in letter
    assert not re.search(r"\d{4} \d{4}", letter)
