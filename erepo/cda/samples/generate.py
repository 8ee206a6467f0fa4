"""Draw the samples, one after the other; nothing is kept, so a million need no more memory than one."""

import base64
import datetime as dt
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Final

from erepo.cda.errors import SamplePatientsMissing, SampleSizeImpossible
from erepo.cda.kinds import Kind
from erepo.cda.media import SUFFIXES
from erepo.cda.samples import envelope, orders
from erepo.cda.samples.catalogue import RECIPES, Recipe, choose
from erepo.cda.samples.padding import pad
from erepo.cda.samples.pages import MEDIA, VARIANTS, page
from erepo.cda.samples.people import PROVIDER, Provider, SyntheticPatient, make_patient, make_staff
from erepo.cda.samples.sections import GROWS_HERE, observation
from erepo.cda.samples.story import Story
from erepo.cda.samples.vocabulary import CASES

SMALLEST: Final = 5_000
LARGEST: Final = 100 * 1024 * 1024
#: Above this, in octets, a document that may be in binary form is: nobody writes that much by hand.
_WRITTEN_BY_HAND: Final = 256 * 1024
#: Below this a page would be too coarse to look at.
_SCANNED: Final = 16 * 1024
#: Sizes drawn when none is asked for: of written documents, of scans.
_WRITTEN_SIZES: Final = (7_000, 30_000)
_SCANNED_SIZES: Final = (20_000, 150_000)
_FIRST_DAY: Final = dt.datetime(2024, 1, 2, 8, 0)  # noqa: DTZ001 (local time, as documents carry it)
_DAYS: Final = 900
#: Minutes a day in which documents are written.
_OPEN: Final = 11 * 60
_STAFF: Final = 12
_ATTACHMENT_WORDS: Final = (
    "skan_wyniku",
    "zgoda_pacjenta",
    "zdjecie",
    "wypis_z_innej_placowki",
    "opis_badania",
)

Size = int | tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Sample:
    """One document: file name, octets, kind, PESEL of its synthetic patient, name of its recipe."""

    file_name: str
    octets: bytes
    kind: Kind
    patient_pesel: str
    recipe: str


def generate(
    seed: int,
    count: int,
    *,
    kinds: Sequence[str] | None = None,
    size: Size = None,
    patients: int | None = None,
    provider: Provider = PROVIDER,
) -> Iterator[Sample]:
    """Yield documents; equal arguments give equal octets, and every document has an id of its own.

    Args:
        seed: which world of patients and documents.
        count: how many documents; the recipes take turns.
        kinds: names of recipes (`RECIPES`, `attachment`) or kinds; None for all.
        size: octets of every document, or the least and the most; None draws usual sizes (7 to 150 kB). A
            written document is never shorter than its sections, which need 5 to 14 kB by recipe.
        patients: how many patients they are spread over; None for one patient in about three documents.
        provider: the clinic that writes them.

    Raises:
        SampleImpossible: an unknown kind, no patients, or a size out of 5 kB to 100 MB.
    """
    population = max(1, count // 3) if patients is None else patients
    if population < 1:
        raise SamplePatientsMissing
    sizes = (size, size) if isinstance(size, int) else size
    if sizes and not SMALLEST <= sizes[0] <= sizes[1] <= LARGEST:
        raise SampleSizeImpossible(least=SMALLEST, most=LARGEST)
    world = _World(seed, choose(kinds), sizes, population, provider)
    return (world.sample(index) for index in range(count))


@dataclass(frozen=True, slots=True)
class _World:
    """The checked arguments of `generate`; a sample depends on them and its number alone."""

    seed: int
    names: tuple[str, ...]
    sizes: tuple[int, int] | None
    population: int
    provider: Provider

    def sample(self, index: int) -> Sample:
        """Make sample `index`."""
        turn, position = divmod(index, len(self.names))
        name = self.names[position]
        recipe = RECIPES.get(name)
        identity = _identity(*astuple(self), index)
        rng = random.Random(f"erepo sample {identity}")  # noqa: S311 (reproducible, not secret)
        patient = make_patient(self.seed, rng.randrange(self.population))
        if recipe is None:
            media = MEDIA[turn % len(MEDIA)]
            file_name = f"{patient.pesel}_{rng.choice(_ATTACHMENT_WORDS)}_{index:06}{SUFFIXES[media]}"
            octets = _scan(media, rng.randint(*self.sizes or _SCANNED_SIZES), index, rng)
            return Sample(file_name, octets, Kind.ATTACHMENT, patient.pesel, name)
        scanned = recipe.binary and turn % 3 == 1
        size = rng.randint(*self.sizes or (_SCANNED_SIZES if scanned else _WRITTEN_SIZES))
        story = self._story(recipe, patient, identity, rng)
        if recipe.binary and ((scanned and size >= _SCANNED) or size > _WRITTEN_BY_HAND):
            octets = _binary(story, recipe, MEDIA[(turn // 3 + position) % len(MEDIA)], size)
        else:
            octets = _written(story, recipe, size)
        return Sample(f"{index:06}_{name}.xml", octets, recipe.kind, patient.pesel, name)

    def _story(self, recipe: Recipe, patient: SyntheticPatient, identity: str, rng: random.Random) -> Story:
        case = rng.choice([case for case in CASES if not recipe.cases or case.icd10 in recipe.cases])
        written = _FIRST_DAY + dt.timedelta(days=rng.randrange(_DAYS), minutes=rng.randrange(_OPEN))
        lasted = (
            dt.timedelta(days=rng.randrange(2, 9))
            if recipe.ward
            else dt.timedelta(minutes=rng.randrange(15, 90))
        )
        return Story(
            patient=patient,
            author=make_staff(self.seed, rng.randrange(_STAFF), recipe.author),
            provider=self.provider,
            case=case,
            place=case.ward if recipe.ward else case.clinic,
            written=written,
            began=written - lasted,
            identity=identity,
            parent=_identity(identity, "parent"),
            rng=rng,
        )


def _identity(*parts: object) -> str:
    """Return sixteen hexadecimal digits that no other document has."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).hexdigest().upper()


def _written(story: Story, recipe: Recipe, size: int) -> bytes:
    body = "".join(part(story) for part in recipe.sections)
    before, _, after = body.partition(GROWS_HERE)
    # Only the first place grows; marks left over would show the trick.
    start = (envelope.header(story, recipe) + before).encode()
    end = (after.replace(GROWS_HERE, "") + envelope.END).encode()
    pieces, room, number = [start], size - len(start) - len(end), 1
    while len(more := observation(story, number).encode()) <= room:
        pieces.append(more)
        room -= len(more)
        number += 1
    return b"".join((*pieces, _blank(room), end))


def _binary(story: Story, recipe: Recipe, media: str, size: int) -> bytes:
    before, after = orders.binary(*recipe.loinc)
    start = (envelope.header(story, recipe) + before.format(media=media)).encode()
    end = (after + envelope.END).encode()
    room = size - len(start) - len(end)
    text = base64.b64encode(_scan(media, room // 4 * 3, story.rng.randrange(VARIANTS), story.rng))
    return b"".join((start, text, _blank(room - len(text)), end))


def _scan(media: str, size: int, variant: int, rng: random.Random) -> bytes:
    return pad(media, page(media, variant, size), size, rng)


def _blank(length: int) -> bytes:
    return b" " * (length - 1) + b"\n" if length > 0 else b""
