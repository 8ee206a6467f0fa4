"""What every carrier of text messages has to keep to; whoever writes an adapter runs it against the real one.

class TestOurs(SmsSuite):
    @pytest.fixture
    def carrier(self): return OurCarrier(…)
    @pytest.fixture
    def heard(self): …  # (number, text, reference) of what arrived, once each
"""

from collections.abc import Callable
from typing import Any

import pytest

from erepo.mail import SendingRefused
from erepo.portal.carriers import SmsCarrier

Heard = Callable[[], list[tuple[str, str, str]]]
NUMBER, REFUSED = "+48600100200", "+48000000000"
REFERENCE = "0123456789abcdef0123456789abcdef"


class SmsSuite:
    """The suite; `carrier` and `heard` are fixtures of the adapter's own test."""

    def test_a_message_arrives(self, carrier: SmsCarrier, heard: Heard) -> None:
        """Number and text arrive as they were given."""
        carrier.send(NUMBER, "Kod: 1234 5678.", REFERENCE)
        assert heard() == [(NUMBER, "Kod: 1234 5678.", REFERENCE)]

    def test_the_same_message_again_is_one_message(self, carrier: SmsCarrier, heard: Heard) -> None:
        """A repetition after a lost answer bears the same reference, and disturbs nobody twice."""
        for _ in range(2):
            carrier.send(NUMBER, "Kod: 1234 5678.", REFERENCE)
        assert len(heard()) == 1

    def test_a_refusal_says_nothing_of_the_message(self, carrier: SmsCarrier, heard: Heard) -> None:
        """A number that can never be reached is refused for good, without number or text in the error."""
        with pytest.raises(SendingRefused) as caught:
            carrier.send(REFUSED, "Kod: 1234 5678.", REFERENCE)
        told: Any = str(caught.value) + repr(caught.value) + repr(carrier)
        assert REFUSED not in told
        assert "1234" not in told
        assert heard() == []
