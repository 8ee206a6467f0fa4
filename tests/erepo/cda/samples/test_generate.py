"""The generator: reproducible, valid, readable, of the size asked for."""

import base64
import io
import itertools
import re
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from PIL import Image

from erepo.cda.errors import SampleImpossible
from erepo.cda.header import read_header
from erepo.cda.kinds import Kind, recognise
from erepo.cda.media import media_type
from erepo.cda.samples import RECIPES, Sample, generate
from erepo.identifiers import npwz, oids, pesel
from tests.support.cda_documents import SCHEMA, needs_schema

#: Three turns of every recipe, so that each is seen written and, where it may be, scanned.
ROUNDS = 3 * (len(RECIPES) + 1)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    """A few of everything."""
    return list(generate(7, ROUNDS))


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The official schema of PIK 1.3.1."""
    return etree.XMLSchema(etree.parse(SCHEMA))


def documents(samples: list[Sample]) -> list[Sample]:
    """Those that are CDA."""
    return [sample for sample in samples if sample.kind is not Kind.ATTACHMENT]


@needs_schema
def test_every_document_is_valid(samples: list[Sample], schema: etree.XMLSchema) -> None:
    """All recipes, written and scanned, are valid against the official PIK 1.3.1 schema."""
    for sample in documents(samples):
        assert schema.validate(etree.fromstring(sample.octets)), (
            sample.file_name,
            schema.error_log.last_error,
        )


def test_every_document_is_read_back_without_a_warning(samples: list[Sample]) -> None:
    """Our own reader recognises the kind, finds the patient, and nothing is odd."""
    for sample in documents(samples):
        header = read_header(sample.octets)
        assert recognise(header) is sample.kind
        assert header.patient.id_of(oids.PESEL) == sample.patient_pesel
        assert header.warnings == ()
        assert header.template_version == "1.3.1"


def test_people_have_valid_identifiers(samples: list[Sample]) -> None:
    """Patients carry a right PESEL, doctors a right NPWZ."""
    for sample in documents(samples):
        author = read_header(sample.octets).author
        assert pesel.is_valid(sample.patient_pesel)
        assert author.id is not None
        assert author.function_code != "LEK" or npwz.is_valid(author.id.extension)


def test_all_kinds_that_have_a_template_are_there(samples: list[Sample]) -> None:
    """At least twelve sorts of CDA document, both forms, and attachments of all four media."""
    assert len({sample.recipe for sample in documents(samples)}) == len(RECIPES) >= 12
    assert set(Kind) - {sample.kind for sample in samples} == {
        Kind.OWN_PATIENT_DOCUMENT,
        Kind.SHARED_DOCUMENTATION,
    }
    scans = {read_header(sample.octets).body_media_type for sample in documents(samples)}
    assert scans == {"", "application/pdf", "image/jpeg", "image/png", "image/tiff"}
    attachments = {media_type(sample.octets) for sample in generate(7, 4, kinds=["attachment"])}
    assert attachments == {"application/pdf", "image/jpeg", "image/png", "image/tiff"}


def test_ids_are_unique_across_calls() -> None:
    """No two documents share an id, within a call and between different seeds, sizes, kinds and patients."""
    calls = [
        generate(1, 40),
        generate(2, 40),
        generate(1, 40, size=30_000),
        generate(1, 40, kinds=["lab_result"]),
        generate(1, 40, patients=3),
    ]
    ids = [
        read_header(sample.octets).document_id
        for sample in itertools.chain(*calls)
        if sample.kind is not Kind.ATTACHMENT
    ]
    assert len(set(ids)) == len(ids)


def test_file_names_tell_a_patient_only_for_attachments(samples: list[Sample]) -> None:
    """Names are unique; attachments begin with the PESEL that intake looks for, documents with a number."""
    assert len({sample.file_name for sample in samples}) == len(samples)
    for sample in samples:
        if sample.kind is Kind.ATTACHMENT:
            assert re.fullmatch(
                rf"{sample.patient_pesel}_[a-z_]+_\d{{6}}\.(pdf|jpg|png|tif)", sample.file_name
            )
        else:
            assert sample.patient_pesel not in sample.file_name


@pytest.mark.parametrize("size", [16_000, 50_000, 1_000_000, 20_000_000])
def test_sizes_are_met(size: int) -> None:
    """Written documents and scans have exactly the octets asked for, plain files at most 32 less."""
    for sample in generate(3, 4, kinds=["lab_result", "prescription", "attachment"], size=size):
        assert size - (32 if sample.kind is Kind.ATTACHMENT else 0) <= len(sample.octets) <= size
        if sample.kind is not Kind.ATTACHMENT:
            read_header(sample.octets)


def test_smallest_documents_are_about_five_kilobytes() -> None:
    """Asked for 5 kB, each recipe gives its shortest document, at most 15 kB."""
    sizes = [len(sample.octets) for sample in generate(3, len(RECIPES), size=5_000)]
    assert min(sizes) == 5_000
    assert max(sizes) < 15_000


def test_sizes_may_be_a_range() -> None:
    """Given the least and the most, sizes differ and stay between them."""
    sizes = {len(sample.octets) for sample in generate(3, 20, kinds=["consultation"], size=(20_000, 90_000))}
    assert len(sizes) > 10
    assert 20_000 <= min(sizes) <= max(sizes) <= 90_000


@pytest.mark.parametrize("size", [5_000, 20_000, 70_000, 500_000])
def test_pictures_can_be_opened(size: int) -> None:
    """Padded pictures are still pictures of a page, and padded PDFs end as PDFs do."""
    for sample in generate(5, 8, kinds=["attachment"], size=size):
        if sample.file_name.endswith("pdf"):
            assert sample.octets.rstrip().endswith(b"%%EOF")
            table = int(re.findall(rb"startxref\s+(\d+)", sample.octets)[-1])
            assert sample.octets[table : table + 4] == b"xref"
        else:
            with Image.open(io.BytesIO(sample.octets)) as picture:
                picture.load()
                assert picture.height > picture.width


def test_scan_inside_a_document_is_the_picture_it_claims() -> None:
    """The base64 text of a document in binary form decodes to a file of the media type it names."""
    scanned = [
        s
        for s in generate(7, 12, kinds=["consultation"], size=60_000)
        if read_header(s.octets).body_media_type
    ]
    assert scanned
    for sample in scanned:
        text = etree.fromstring(sample.octets).findtext(
            ".//{urn:hl7-org:v3}observationMedia/{urn:hl7-org:v3}value"
        )
        assert text is not None
        assert (
            media_type(base64.b64decode(text, validate=False)) == read_header(sample.octets).body_media_type
        )


def test_patients_can_be_few() -> None:
    """All documents belong to as many patients as asked for, at most."""
    assert len({sample.patient_pesel for sample in generate(9, 60, patients=2)}) == 2


def test_kinds_can_be_chosen_by_recipe_and_by_kind() -> None:
    """A recipe's name gives that recipe, a kind all recipes of it."""
    assert {sample.recipe for sample in generate(1, 8, kinds=[Kind.OTHER_PIK])} == {
        "consultation", "operation_note", "vaccination", "nursing_advice",
    }  # fmt: skip
    assert {sample.recipe for sample in generate(1, 8, kinds=["vaccination"])} == {"vaccination"}


@pytest.mark.parametrize(
    "asked",
    [
        {"kinds": ["unknown"]},
        {"kinds": []},
        {"size": 4_999},
        {"size": 200_000_000},
        {"size": (9_000, 8_000)},
        {"patients": 0},
    ],
)
def test_impossible_wishes_are_refused_at_once(asked: dict[str, object]) -> None:
    """Unknown kinds, sizes out of range and no patients are refused before the first document."""
    with pytest.raises(SampleImpossible):
        generate(1, 1, **asked)  # type: ignore[arg-type]


def test_cancelling_document_is_the_next_version_of_what_it_cancels() -> None:
    """It shares the set of its parent and has the next version number (polish-domain.md 2.4)."""
    (sample,) = generate(1, 1, kinds=["cancelling_document"])
    header = read_header(sample.octets)
    (related,) = header.related
    assert (related.type_code, related.set_id, related.version) == ("RPLC", header.set_id, 1)
    assert header.version == 2
    assert related.id != header.document_id


def test_generating_streams() -> None:
    """A thousand documents pass without being kept."""
    tracemalloc.start()
    try:
        total = sum(len(sample.octets) for sample in generate(1, 300, size=50_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total > 14_000_000
    assert peak < 4_000_000


@given(seed=st.integers(), count=st.integers(1, 25), size=st.one_of(st.none(), st.integers(5_000, 60_000)))
@settings(max_examples=25, deadline=None)
def test_the_seed_decides_everything(seed: int, count: int, size: int | None) -> None:
    """Equal arguments give equal octets; a longer call with the same patients begins with the shorter one."""
    first = list(generate(seed, count, size=size, patients=5))
    assert first == list(generate(seed, count, size=size, patients=5))
    assert first == list(itertools.islice(generate(seed, count + 7, size=size, patients=5), count))
