"""Freshness of signed messages (WSS 1.1 §10, BSP 1.1 R3203 to R3229)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from erepo.soap.errors import MessageExpired, SecurityMalformed
from erepo.soap.names import CREATED, EXPIRES, WSU_ID
from erepo.xmlsig.forms import has_text

# UTC, at most three fraction digits; datetime refuses a 60th second.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z", re.ASCII)


@dataclass(frozen=True)
class Freshness:
    """How old a message may be: `life` after Created at most, clocks differing by `skew`, in seconds."""

    life: float
    skew: float

    def check(self, timestamp: etree._Element, now: datetime) -> tuple[datetime, datetime]:
        """Return (Created, the moment after which the message is refused).

        A longer life than ours in the message is cut to ours; a missing Expires means ours.

        Raises:
            SecurityMalformed: not Created and at most one Expires of the accepted form, or not in this order.
            MessageExpired: too old, or from the future.
        """
        created, expires = _read(timestamp)
        skew = timedelta(seconds=self.skew)
        # First of all: nothing can be added to a moment at the end of the year 9999.
        if created > now + skew:
            raise MessageExpired(rule="created in the future")
        latest = created + timedelta(seconds=self.life)
        if expires is not None:
            if expires <= created:
                raise SecurityMalformed(rule="Expires is not after Created")
            latest = min(latest, expires)
        if latest + skew < now:
            raise MessageExpired(rule="its time is over")
        return created, latest + skew


def _read(timestamp: etree._Element) -> tuple[datetime, datetime | None]:
    names = [child.tag for child in timestamp]
    if (
        names not in ([CREATED], [CREATED, EXPIRES])
        or has_text(timestamp)
        or set(timestamp.attrib) - {WSU_ID}
    ):
        raise SecurityMalformed(rule="Timestamp has another form")
    moments = [_moment(child) for child in timestamp]
    return moments[0], moments[1] if len(moments) > 1 else None


def _moment(element: etree._Element) -> datetime:
    text = element.text or ""
    if len(element) or not _MOMENT.fullmatch(text):
        raise SecurityMalformed(rule="a moment is not UTC with at most three fraction digits")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise SecurityMalformed(rule="a moment that does not exist") from None
