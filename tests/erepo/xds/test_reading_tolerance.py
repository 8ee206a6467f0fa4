"""What the ebRIM reader accepts in more than one form."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from erepo.xds import vocabulary as words
from erepo.xds.ebrim import Rules, read_objects, write_object_list
from erepo.xds.model import MetadataSet, new_entry_uuid
from tests.support.xds import document, submission_set
from tests.support.xds_written import FULL, find, problems, written


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_parts_does_not_matter(random: object) -> None:
    """Slots, classifications and identifiers of an object may stand in any order."""
    listed = written()
    for element in listed:
        children = list(element)
        random.shuffle(children)  # type: ignore[attr-defined]
        element[:] = children
    assert read_objects(listed) == FULL


def test_the_order_of_objects_does_not_matter() -> None:
    """Associations may stand before what they connect."""
    listed = written()
    listed[:] = reversed(listed)
    assert read_objects(listed) == FULL


def test_the_node_of_a_package_may_stand_beside_it() -> None:
    """Both forms of classifying a submission set are read."""
    listed = written()
    node = find(listed, f"r:RegistryPackage/r:Classification[@classificationNode='{words.SUBMISSION_SET}']")
    listed.append(node)
    assert read_objects(listed) == FULL


def test_every_classification_may_stand_beside_its_object() -> None:
    """Codes, authors and nodes are read where they stand: what is kept of them is what was judged."""
    listed = written()
    for path in ("r:ExtrinsicObject", "r:RegistryPackage"):
        for owner in listed.findall(path, {"r": words.RIM}):
            listed.extend(owner.findall("r:Classification", {"r": words.RIM}))
    assert read_objects(listed) == FULL


def test_comments_blank_space_and_references_are_passed_over() -> None:
    """Pretty-printed metadata with comments and ObjectRef elements means the same."""
    listed = written()
    listed.insert(0, etree.Comment("first"))
    listed.append(etree.Element(f"{{{words.RIM}}}ObjectRef", {"id": words.STABLE}))
    find(listed, "r:ExtrinsicObject").insert(0, etree.Comment("inside"))
    etree.indent(listed)
    value = find(listed, "r:ExtrinsicObject/r:Slot[@name='creationTime']/r:ValueList/r:Value")
    value.text = f"\n  {value.text}\n"
    assert read_objects(listed) == FULL


def test_ids_may_be_uuids() -> None:
    """Symbolic and UUID ids are read alike."""
    entry = document(new_entry_uuid())
    listed = write_object_list(MetadataSet(documents=(entry,)))
    assert read_objects(listed, Rules.PROVIDE).documents == (entry,)


def test_a_long_uri_is_joined_from_its_pieces_in_their_order() -> None:
    """TF-3 cuts a URI into numbered values."""
    listed = write_object_list(
        MetadataSet(documents=(document(extra_slots={"URI": ("2|/b", "1|https://a")}),))
    )
    assert read_objects(listed, Rules.PROVIDE).documents[0].uri == "https://a/b"


def test_unknown_slots_are_kept_as_they_are() -> None:
    """Extra metadata, P1's two attributes among them, comes back value for value."""
    slots = {"urn:x:y": (" a ", "b"), words.Slot.STORAGE_CATEGORY: ("2046",), "documentAvailability": ()}
    listed = write_object_list(MetadataSet(documents=(document(extra_slots=slots),)))
    assert read_objects(listed, Rules.PROVIDE).documents[0].extra_slots == slots


def test_a_version_that_is_no_number_is_passed_over() -> None:
    """EbRIM's own default 1.1 says nothing in XDS."""
    listed = written()
    etree.SubElement(find(listed, "r:ExtrinsicObject"), f"{{{words.RIM}}}VersionInfo", {"versionName": "1.1"})
    assert read_objects(listed).documents[0].version is None


def test_an_on_demand_entry_needs_no_hash() -> None:
    """ITI-61 entries have no octets yet."""
    entry = document(object_type=words.ON_DEMAND, creation_time="", repository_unique_id="1.2.3")
    assert read_objects(write_object_list(MetadataSet(documents=(entry,)))).documents == (entry,)


def test_limited_metadata_is_read_in_answers_only() -> None:
    """The node is prohibited in submissions."""
    listed = write_object_list(MetadataSet((submission_set(limited=True),), (document(limited=True),)))
    read = read_objects(listed, Rules.ANSWER)
    assert (read.documents[0].limited, read.submission_sets[0].limited) == (True, True)
    assert len(problems(listed, Rules.PROVIDE)) == 2


# --- strict
