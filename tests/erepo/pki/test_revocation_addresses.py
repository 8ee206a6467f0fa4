"""Which addresses of certificates are asked, and serial numbers that were given twice."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from cryptography import x509

from erepo.pki import Authority, new_key
from erepo.pki.errors import SerialTwice
from erepo.pki.revocation import errors
from erepo.pki.revocation.addresses import judge
from erepo.pki.serials import check_serials
from erepo.settings import RevocationSettings
from tests.support.certificates import Recipe
from tests.support.revocation import World, list_at, responder_at


@pytest.mark.parametrize(
    ("extra", "rule"),
    [
        (list_at("ldap://ca/list"), "http"),
        (list_at("http://a/b", reasons=frozenset({x509.ReasonFlags.key_compromise})), "http"),
        (list_at("http://user@127.0.0.1/x"), "address"),
        (responder_at("http://127.0.0.1:1/ocsp"), "public"),
        (list_at("http://[::1]:1/x"), "public"),
        (list_at("http://169.254.169.254/latest/meta-data"), "public"),
        (list_at("http://localhost:1/x"), "public"),
    ],
)
def test_addresses_that_are_not_asked(
    world: World, extra: tuple[x509.ExtensionType, bool], rule: str
) -> None:
    """What cannot or must not be asked is a refusal: other schemes, users, this machine, link-local."""
    with pytest.raises(errors.StatusAddressRefused, match=rule):
        world.check(world.issue(extra=(extra,)), RevocationSettings(seconds=5))


@pytest.mark.parametrize(
    ("address", "usual", "local"),
    [
        ("8.8.8.8", True, True),
        ("10.1.2.3", False, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("2002:a9fe:a9fe::1", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("224.0.0.1", False, False),
        ("0.0.0.0", False, False),
        ("::127.0.0.1", False, False),
        ("::ffff:0:127.0.0.1", False, False),
        ("64:ff9b:1::a9fe:a9fe", False, False),
        ("fec0::1", False, False),
        ("2a00:1450::1", True, True),
    ],
)
def test_which_addresses_may_be_asked(address: str, usual: bool, local: bool) -> None:
    """Public ones always, private ones by the setting, link-local ones never, however written."""
    for allowed, setting in ((usual, False), (local, True)):
        if allowed:
            judge("host", ip_address(address), local=setting)
        else:
            with pytest.raises(errors.StatusAddressRefused):
                judge("host", ip_address(address), local=setting)


def test_two_certificates_of_one_number_are_refused() -> None:
    """One issuer, one number, two certificates: refused; the same one twice, or other issuers, are not."""
    authority, key = Authority.create("One"), new_key()
    first = Recipe(issuer=authority, key=key).make()
    twin = _renumbered(Recipe(issuer=authority), authority, first.serial_number)
    other = Authority.create("Two")
    check_serials([first, first, _renumbered(Recipe(issuer=other), other, first.serial_number)])
    with pytest.raises(SerialTwice, match=f"{first.serial_number:X}"):
        check_serials([first, twin])


def _renumbered(recipe: Recipe, authority: Authority, serial: int) -> x509.Certificate:
    return replace(recipe, serial=serial, issuer=authority).make()
