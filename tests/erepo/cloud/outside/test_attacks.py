"""Every attack on P1's assertion ends in a typed refusal with one event, and nothing of a document."""

import pytest

from tests.support import outside_bent, outside_forged
from tests.support.audit import Record
from tests.support.outside import OutsideWorld, content_of
from tests.support.outside_attacks import VECTORS, Vector

#: Loaded for what they register.
KITS = (outside_forged, outside_bent)
pytestmark = [pytest.mark.one_store, pytest.mark.xdist_group("outside")]


@pytest.fixture(scope="module")
def documents() -> list[str]:
    """A place for the one document that all attackers are after."""
    return []


async def test_a_good_message_of_the_kit_is_taken(world: OutsideWorld, documents: list[str]) -> None:
    """What the attacks start from is good, so each is refused for what it does."""
    documents += await world.documents()
    answer = world.ask(documents[0], assertion=world.assertion(), mtom=True)
    assert content_of(documents[0]) in answer.content


@pytest.mark.parametrize("attack", VECTORS, ids=lambda each: each.code)
async def test_an_attack_is_refused(
    world: OutsideWorld, record: Record, documents: list[str], attack: Vector
) -> None:
    """Typed, recorded once in the account's own record, without a word of a document or of the inside."""
    if not documents:
        documents += await world.documents()
    message = attack.make(world, documents[0])
    record.new()
    answer = world.reader.post(message)
    assert answer.status_code == 400, attack.title
    assert b"Fault" in answer.content
    assert b"ClinicalDocument" not in answer.content
    assert b"Traceback" not in answer.content
    chain, event = record.one()
    assert chain == record.number(world.index.tenant.account)
    assert event.codes[0] in attack.refusals, (attack.title, event.codes, world.index.cloud.log[-3:])


def test_the_codes_are_unique() -> None:
    """Each attack has a number of its own."""
    codes = [each.code for each in VECTORS]
    assert len(codes) == len(set(codes)) > 80
