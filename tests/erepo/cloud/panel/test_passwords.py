"""What may be a password, how it is kept, and how long a login is locked."""

import asyncio
import threading
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from erepo.cloud.panel import passwords
from erepo.cloud.panel.administrators import read_login
from erepo.cloud.panel.attempts import FREE, LONGEST, lock_after
from erepo.cloud.panel.errors import (
    LoginMalformed,
    LoginsBusy,
    PasswordRefused,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooSimple,
)
from erepo.cloud.panel.hashing import MOST, Hashing
from erepo.cloud.panel.sessions import form_token, new_token

ACCOUNT = "0000000000001003"


def test_a_password_is_kept_as_something_else() -> None:
    """The hash holds no piece of it, differs each time, and fits it alone."""
    kept = passwords.hash_password("zielony rower za stodołą")
    assert "rower" not in kept
    assert kept != passwords.hash_password("zielony rower za stodołą")
    assert len(kept) <= 200
    assert passwords.matches("zielony rower za stodołą", kept)
    assert not passwords.matches("zielony rower za stodoła", kept)
    assert not passwords.matches("", passwords.NOBODY)


def test_the_same_keys_are_the_same_password() -> None:
    """Letters that one system writes in one piece and another in two are the same."""
    assert passwords.matches("z\u0301rebak za stodola", passwords.hash_password("\u017arebak za stodola"))


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("", PasswordTooShort),
        ("jedenascie.", PasswordTooShort),
        ("x" * 129, PasswordTooLong),
        ("aaaaaaaaaaaaaaaaaaaa", PasswordTooSimple),
        ("abcabcabcabcabc", PasswordTooSimple),
        ("moje 123456 haslo", PasswordTooSimple),
        ("to jest Qwertyuiop", PasswordTooSimple),
        ("to jest 0987654321", PasswordTooSimple),
        ("tu Administrator tu", PasswordTooSimple),
        (f"konto {ACCOUNT}", PasswordTooSimple),
        ("dwanascie z.", None),
        ("😀" * 4 + "kon bateria zszywka", None),
    ],
)
def test_new_passwords_are_judged(password: str, wrong: type[PasswordRefused] | None) -> None:
    """Short, very long and easily guessed ones are refused, each with its own reason."""
    if wrong is None:
        passwords.check_new(password, "administrator", ACCOUNT)
        return
    with pytest.raises(wrong) as refused:
        passwords.check_new(password, "administrator", ACCOUNT)
    assert all(refused.value.explain("pl"))
    assert password not in str(refused.value) or not password


def test_one_time_passwords_pass_their_own_rules() -> None:
    """What the operator hands out could be set by anybody, and is never the same."""
    made = {passwords.new_password() for _ in range(50)}
    assert len(made) == 50
    for each in made:
        passwords.check_new(each, "administrator", ACCOUNT)


def test_the_lock_grows_and_ends() -> None:
    """Some failures are free; then each doubles the lock, up to an hour."""
    locks = [lock_after(failures) for failures in range(20)]
    assert locks[: FREE + 1] == [timedelta(0)] * (FREE + 1)
    assert locks[FREE + 1 : FREE + 4] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert locks == sorted(locks)
    assert locks[-1] == lock_after(10**9) == LONGEST


@given(st.text(max_size=80))
@settings(deadline=None)
def test_a_login_is_simple_or_none(text: str) -> None:
    """Whatever is typed: either a login that stands in no need of escaping, or refused."""
    try:
        login = read_login(text)
    except LoginMalformed:
        return
    assert login == text.strip().lower()
    assert set(login) <= set("abcdefghijklmnopqrstuvwxyz0123456789._@-")


def test_form_tokens_tell_nothing_of_the_cookie() -> None:
    """Each session has its own, and it is no part of the cookie."""
    one, other = new_token(), new_token()
    assert form_token(one) == form_token(one) != form_token(other)
    assert form_token(one) not in one


async def test_a_storm_of_logins_is_turned_away() -> None:
    """Passwords are hashed one by one; when too many wait, the next hears so at once and may come again."""
    hashing, free = Hashing(), threading.Event()
    try:
        waiting = [asyncio.ensure_future(hashing.run(free.wait)) for _ in range(MOST)]
        await asyncio.sleep(0)
        with pytest.raises(LoginsBusy):
            await hashing.run(lambda: None)
        free.set()
        assert await asyncio.gather(*waiting) == [True] * MOST
        assert await hashing.run(lambda: 1) == 1
    finally:
        free.set()
        hashing.close()
