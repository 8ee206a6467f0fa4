"""Lists of revoked certificates: kept, aged, partial, given by the operator, remembered without asking."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from erepo.pki import Authority
from erepo.pki.revocation import errors
from erepo.settings import RevocationSettings
from tests.support.certificates import Recipe, root, sub_authority, usage
from tests.support.revocation import LOCAL, World, hang_up, list_at, reply, url_name


def scope(**told: Any) -> x509.IssuingDistributionPoint:
    """Return what a list says of what it covers."""
    usual = dict.fromkeys(
        (
            "only_contains_user_certs",
            "only_contains_ca_certs",
            "indirect_crl",
            "only_contains_attribute_certs",
        ),
        False,
    )
    nothing = dict.fromkeys(("full_name", "relative_name", "only_some_reasons"))
    return x509.IssuingDistributionPoint(**{**usual, **nothing, **told})


def test_the_kept_list_serves_while_it_counts(world: World) -> None:
    """The last good list bridges a server that is down, over a restart, until its end; then it is stale."""
    leaf, bad = world.issue(crl=True), world.issue(crl=True)
    world.place.revoke(bad)
    world.check(leaf)
    world.place.answer = hang_up
    world.check(leaf)
    with pytest.raises(errors.RevokedByCrl):
        world.check(bad)
    with pytest.raises(errors.CrlStale):
        world.check(leaf, hours=25)


def test_the_age_of_a_kept_list_is_bounded(world: World) -> None:
    """A list that would count for a year counts for EREPO_REVOCATION__MAX_AGE since it was fetched."""
    world.place.life = timedelta(days=365)
    leaf = world.issue(crl=True)
    world.check(leaf)
    world.place.answer = hang_up
    world.check(leaf, hours=71)
    with pytest.raises(errors.CrlStale):
        world.check(leaf, hours=73)


def test_a_list_that_is_stale_when_it_comes(world: World) -> None:
    """An authority that has stopped renewing its list is told from one that is down."""
    world.place.made = timedelta(days=2)
    with pytest.raises(errors.CrlStale, match="Publishing authority"):
        world.check(world.issue(crl=True))


def test_an_older_list_does_not_take_a_revocation_back(world: World) -> None:
    """Whoever plays an earlier list to us over plain http changes nothing."""
    leaf = world.issue(crl=True)
    earlier = world.place.crl()
    world.place.made = timedelta(seconds=-2)
    world.place.revoke(leaf)
    with pytest.raises(errors.RevokedByCrl):
        world.check(leaf)
    world.place.answer = lambda handler: reply(handler, earlier, "application/pkix-crl")
    with pytest.raises(errors.RevokedByCrl):
        world.check(leaf)


def test_a_list_of_users_certificates_alone(world: World) -> None:
    """A list that says it leaves authorities out covers what we ask about."""
    world.place.extra = [(scope(only_contains_user_certs=True), True)]
    world.check(world.issue(crl=True))


@pytest.mark.parametrize(
    "extra",
    [
        (x509.DeltaCRLIndicator(1), True),
        (scope(only_contains_ca_certs=True), True),
        (scope(indirect_crl=True), True),
        (
            scope(full_name=[url_name("http://a/b")]),
            True,
        ),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True),
    ],
)
def test_lists_that_leave_something_out(world: World, extra: tuple[x509.ExtensionType, bool]) -> None:
    """A list of changes, of some users, authorities or addresses, or with unknown rules is no proof."""
    world.place.extra = [extra]
    with pytest.raises(errors.CrlUnusable):
        world.check(world.issue(crl=True))


def test_the_operators_list_decides_alone(world: World) -> None:
    """With EREPO_REVOCATION__CRL nothing is asked; it also covers authorities that publish nothing."""
    good, bad = world.issue(crl=True), world.issue()
    world.place.revoke(bad)
    settings = world.list_file()
    world.check(good, settings)
    with pytest.raises(errors.RevokedByCrl):
        world.check(bad, settings)
    with pytest.raises(errors.CrlStale):
        world.check(good, settings, days=2)
    assert not world.place.asked


def test_the_operators_list_must_be_there_and_signed(world: World) -> None:
    """A missing file, one that is no list, and one with a foreign signature are refusals, never "no list"."""
    leaf, settings = world.issue(), world.list_file()
    assert settings.crl is not None
    with pytest.raises(errors.CrlUnusable):
        world.check(leaf, replace_file(settings, world.folder / "none.crl"))
    world.place.signer = Authority.create("Publishing authority")
    world.list_file()
    with pytest.raises(errors.CrlForged):
        world.check(leaf, settings)
    settings.crl.write_bytes(b"nothing")
    with pytest.raises(errors.CrlUnusable):
        world.check(leaf, settings)


def replace_file(settings: RevocationSettings, file: Path) -> RevocationSettings:
    """Return the settings with another file."""
    return settings.model_copy(update={"crl": file})


def test_remembering_asks_nobody(world: World) -> None:
    """Per message only what is at hand counts: an old list still refuses; that it is stale is told."""
    leaf, bad = world.issue(crl=True), world.issue(crl=True)
    authority = world.place.authority.certificate
    asking = world.asking()
    asking.refuse_revoked(leaf, authority)
    with pytest.raises(errors.CrlMissing):
        asking.expect_current(leaf, authority)
    assert not world.place.asked
    world.place.revoke(bad)
    assert asking.refresh([(leaf, authority), (bad, authority)]) == 0
    assert world.place.asked == ["/ca.crl"]
    asking.expect_current(leaf, authority)
    later = world.asking(days=2)
    later.refuse_revoked(leaf, authority)
    with pytest.raises(errors.CrlStale):
        later.expect_current(leaf, authority)
    with pytest.raises(errors.RevokedByCrl):
        later.refuse_revoked(bad, authority)
    assert world.place.asked == ["/ca.crl"]


def test_a_refresh_asks_responders_where_there_is_no_list(world: World) -> None:
    """An authority that publishes by OCSP alone is asked about each certificate, and remembered."""
    leaf = world.issue(ocsp=True)
    asking, authority = world.asking(), world.place.authority.certificate
    assert asking.refresh([(leaf, authority)]) == 0
    world.place.revoke(leaf)
    asking.refresh([(leaf, authority)])
    with pytest.raises(errors.RevokedByOcsp):
        asking.refuse_revoked(leaf, authority)


def test_a_refresh_that_fails_leaves_what_is_there(world: World) -> None:
    """A server that is down costs nothing while the kept list counts."""
    leaf, authority = world.issue(crl=True), world.place.authority.certificate
    asking = world.asking()
    asking.refresh([(leaf, authority)])
    world.place.answer = hang_up
    assert asking.refresh([(leaf, authority)]) == 1
    asking.expect_current(leaf, authority)


def test_the_whole_chain_is_asked(world: World) -> None:
    """An authority between leaf and root that was revoked takes its certificates with it."""
    world.place.authority = top = root()
    may_sign = usage(signature=False, certificates=True, lists=True)
    world.place.authority = replace(top, certificate=_again(top, may_sign))
    between = sub_authority(world.place.authority, "Between", extra=world.place.extensions(crl=True))
    chain = [Recipe(issuer=between).make(), between.certificate, world.place.authority.certificate]
    world.asking().check(chain)
    world.place.extra = [(scope(only_contains_user_certs=True), True)]
    with pytest.raises(errors.CrlUnusable, match="authorities"):
        world.asking().check(chain)
    world.place.extra = []
    world.place.revoke(between.certificate)
    with pytest.raises(errors.RevokedByCrl, match=f"{between.certificate.serial_number:X}"):
        world.asking().check(chain)


def _again(top: Authority, may: x509.KeyUsage) -> x509.Certificate:
    recipe = Recipe(key=top.key, common_name="Test root", usage=may, extended=None)
    return recipe.but(basic=x509.BasicConstraints(ca=True, path_length=2)).make()


def test_a_damaged_cache_is_fetched_anew(world: World) -> None:
    """Kept lists that were damaged or made by somebody else are not believed, and replaced."""
    leaf = world.issue(crl=True)
    world.check(leaf)
    (file,) = (world.folder / "crl").glob("*.crl")
    assert file.stat().st_mode & 0o777 == 0o644
    file.write_bytes(b"damaged")
    world.asking().refuse_revoked(leaf, world.place.authority.certificate)
    world.check(leaf)
    assert file.read_bytes() != b"damaged"


def test_what_is_fresh_is_not_fetched_again_and_what_ends_soon_is(world: World) -> None:
    """A list is fetched after so long, or when most of its own life is over; a responder after so long."""
    leaf, other = world.issue(crl=True), world.issue(ocsp=True)
    authority, day = world.place.authority.certificate, timedelta(days=1)
    pairs = [(leaf, authority), (other, authority)]
    asking = world.asking()
    for _ in range(2):
        asking.refresh(pairs, day)
        assert world.place.asked == ["/ca.crl", "/ocsp"]
        assert not asking.due(leaf, authority, day)
    later = world.asking(hours=19)
    assert later.due(leaf, authority, day)
    later.refresh(pairs, day)
    assert world.place.asked == ["/ca.crl", "/ocsp"] * 2
    assert world.asking().due(leaf, authority, timedelta(0))


def test_a_folder_of_the_operators_lists(world: World) -> None:
    """Each list for what it covers: a part of an authority's certificates, named by their addresses."""
    part, other = world.issue(crl=True), world.issue(extra=(list_at("http://127.0.0.1:9/other.crl"),))
    folder = world.folder / "lists"
    folder.mkdir()
    (folder / ".coming").write_bytes(b"half a li")
    world.place.revoke(part)
    world.place.extra = [(scope(full_name=[url_name(world.place.crl_url)]), True)]
    (folder / "part.crl").write_bytes(world.place.crl())
    settings = LOCAL.model_copy(update={"crl": folder})
    with pytest.raises(errors.RevokedByCrl):
        world.check(part, settings)
    with pytest.raises(errors.CrlUnreachable):
        world.check(other, settings)
    (folder / "rubbish").write_bytes(b"no list")
    with pytest.raises(errors.CrlUnusable, match="rubbish"):
        world.check(part, settings)
