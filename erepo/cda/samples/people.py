"""Synthetic patients, staff and a provider: identifiers carry right check digits, the people do not exist."""

import datetime as dt
import random
from dataclasses import dataclass
from typing import Final

from erepo.cda.samples import vocabulary as words
from erepo.identifiers.npwz import Npwz
from erepo.identifiers.pesel import Sex, make

_FIRST_BIRTHDAY: Final = dt.date(1932, 1, 1)
_LAST_BIRTHDAY: Final = dt.date(2007, 12, 31)


@dataclass(frozen=True, slots=True)
class Address:
    """A Polish postal address."""

    city: str
    postal_code: str
    street: str
    house: str
    flat: str


@dataclass(frozen=True, slots=True)
class SyntheticPatient:
    """A patient who does not exist; `local_id` is the number in the clinic's own register."""

    pesel: str
    local_id: str
    given: str
    family: str
    sex: str
    born: dt.date
    address: Address


@dataclass(frozen=True, slots=True)
class Staff:
    """An author: `root` is the OID arc below 2.16.840.1.113883.3.4424 that the licence number belongs to."""

    function: str
    function_name: str
    root: str
    licence: str
    prefix: str
    given: str
    family: str


@dataclass(frozen=True, slots=True)
class Provider:
    """The clinic that writes the samples; `book` is its number in the register (resort code I).

    Its cells are numbered (resort code VII) by the last three digits of their specialty.
    """

    book: str = "000000100300"
    unit: str = "01"
    regon9: str = "123456785"
    regon14: str = "12345678512347"
    name: str = "Przychodnia Przykładowa Sp. z o.o."
    unit_name: str = "Zakład Leczniczy „Przykład”"
    phone: str = "tel:22-5550100"
    address: Address = Address("Warszawa", "02-001", "Wzorcowa", "7", "")

    @property
    def node(self) -> str:
        """The provider's own OID node, without the leading zeros of its number."""
        return f"2.16.840.1.113883.3.4424.2.7.{int(self.book)}"


PROVIDER: Final = Provider()


def make_patient(seed: int, number: int) -> SyntheticPatient:
    """Return patient `number` of the population that `seed` gives."""
    rng = random.Random(f"erepo patient {seed} {number}")  # noqa: S311 (reproducible, not secret)
    born = _FIRST_BIRTHDAY + dt.timedelta(days=rng.randrange((_LAST_BIRTHDAY - _FIRST_BIRTHDAY).days))
    sex: Sex = "M" if rng.random() < 0.5 else "F"
    family = rng.choice(words.FAMILIES)[sex == "M"]
    given = rng.choice(words.GIVEN_MALE if sex == "M" else words.GIVEN_FEMALE)
    return SyntheticPatient(
        pesel=str(make(born, rng.randrange(5000), sex)),
        local_id=f"P{number + 1:06}",
        given=given,
        family=family,
        sex=sex,
        born=born,
        address=_address(rng),
    )


def _address(rng: random.Random) -> Address:
    city, postal = rng.choice(words.CITIES)
    flat = str(rng.randrange(1, 90)) if rng.random() < 0.7 else ""
    house = f"{rng.randrange(1, 140)}{rng.choice(('', '', '', 'A', 'B'))}"
    return Address(city, f"{postal}-{rng.randrange(1000):03}", rng.choice(words.STREETS), house, flat)


def make_staff(seed: int, number: int, function: str) -> Staff:
    """Return a member of staff: LEK (doctor), PIEL (nurse) or DLAB (laboratory diagnostician)."""
    rng = random.Random(f"erepo staff {seed} {number} {function}")  # noqa: S311 (reproducible, not secret)
    male = rng.random() < 0.5
    given = rng.choice(words.GIVEN_MALE if male else words.GIVEN_FEMALE)
    family = rng.choice(words.FAMILIES)[male]
    if function == "PIEL":
        return Staff(
            function, "Pielęgniarka", "1.6.3", f"{rng.randrange(1_000_000, 9_999_999)}P", "mgr", given, family
        )
    if function == "DLAB":
        diagnostician = f"{rng.randrange(10_000, 99_999)}"
        return Staff(function, "Diagnosta laboratoryjny", "1.6.4", diagnostician, "mgr", given, family)
    licence = str(Npwz.make(rng.randrange(1_000_000)))
    return Staff("LEK", "Lekarz", "1.6.2", licence, rng.choice(words.PREFIXES), given, family)
