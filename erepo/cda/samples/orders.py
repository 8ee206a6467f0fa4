"""Sections of referrals, prescriptions, cancellations and of the smaller PIK documents."""

from xml.sax.saxutils import escape

from erepo.cda.samples.sections import GROWS_HERE, ICD9, LOINC, PIK, paragraphs, section
from erepo.cda.samples.story import Story, day, polish
from erepo.identifiers import oids


def refusal(_: Story) -> str:
    """Section .3.40: why the hospital did not admit."""
    text = paragraphs(
        "Po zastosowanym leczeniu ustąpienie dolegliwości. Brak wskazań do przyjęcia do szpitala."
    )
    return section("40", "Powód odmowy przyjęcia", text + GROWS_HERE)


def procedure_wanted(story: Story) -> str:
    """Section .3.6 of a referral for a test or a therapy."""
    return _referral(story, f"Proszę o wykonanie: {story.case.procedure_name}.", story.case.clinic)


def admission_wanted(story: Story) -> str:
    """Section .3.6 of a referral to a hospital."""
    return _referral(story, f"Proszę o przyjęcie: {story.case.ward[1]}.", story.case.ward)


def consultation_wanted(story: Story) -> str:
    """Section .3.6 of a referral to a specialist."""
    return _referral(story, f"Proszę o konsultację: {story.case.clinic[1]}.", story.case.clinic)


def therapy_wanted(story: Story) -> str:
    """Section .3.6 of a referral for rehabilitation."""
    return _referral(story, "Proszę o cykl dziesięciu dni zabiegów fizjoterapeutycznych.", story.case.clinic)


def _referral(story: Story, request: str, place: tuple[str, str]) -> str:
    case = story.case
    text = f'<paragraph ID="PROC_1">{escape(request)}</paragraph>\n' + paragraphs(*case.history) + GROWS_HERE
    entry = (
        f'<entry>\n<templateId root="{PIK}.4.6"/>\n<encounter classCode="ENC" moodCode="RQO">\n'
        f'<code code="{place[0]}" codeSystem="{oids.CELL_SPECIALTY}" displayName="{place[1]}"/>\n'
        '<entryRelationship typeCode="COMP">\n<procedure classCode="PROC" moodCode="RQO">\n'
        f'<code code="{case.procedure}" {ICD9} displayName="{escape(case.procedure_name)}"/>\n'
        '<text><reference value="#PROC_1"/></text>\n</procedure>\n</entryRelationship>\n</encounter>\n'
        "</entry>\n"
    )
    return section("6", "Treść skierowania", text, code=("57828-6", "Prescriptions"), entries=entry)


def prescription(story: Story) -> str:
    """Section .3.4: one drug, told and coded (IHE Pharmacy prescription item)."""
    name, dose = story.case.drugs[0]
    text = (
        f'<paragraph ID="SBADM_1">{escape(name)}<br/>1 op.<br/>Odpłatność: 100%<br/>D.S. {escape(dose)}'
        "</paragraph>\n" + GROWS_HERE
    )
    templates = "".join(
        f'<templateId root="{root}"/>\n'
        for root in ("1.3.6.1.4.1.19376.1.9.1.3.2", "2.16.840.1.113883.10.20.1.24", f"{PIK}.4.3")
    )
    entry = (
        f'<entry>\n<substanceAdministration classCode="SBADM" moodCode="INT">\n{templates}'
        f'<id extension="{story.identity}-1" root="{story.provider.node}.2.3"/>\n'
        '<text><reference value="#SBADM_1"/></text>\n<statusCode code="completed"/>\n'
        f'<effectiveTime xsi:type="IVL_TS"><low value="{day(story.written)}"/><high nullFlavor="NA"/>'
        "</effectiveTime>\n"
        '<repeatNumber value="1"/>\n<consumable>\n<manufacturedProduct>\n<manufacturedMaterial>\n'
        f'<templateId root="{PIK}.4.54"/>\n'
        f'<code code="100001" codeSystem="2.16.840.1.113883.3.4424.6.1" displayName="{escape(name)}"/>\n'
        f"<name>{escape(name)}</name>\n</manufacturedMaterial>\n</manufacturedProduct>\n</consumable>\n"
        "</substanceAdministration>\n</entry>\n"
    )
    return section("4", "Rp.", text, code=("57828-6", "Prescriptions"), entries=entry)


def insurance(_: Story) -> str:
    """Section .3.69: who pays."""
    return section(
        "69",
        "Dane o ubezpieczeniu i uprawnieniach",
        paragraphs("Oddział NFZ: 07"),
        code=("48768-6", "Payment"),
    )


def cancelled(story: Story) -> str:
    """Section .3.27: which document is cancelled."""
    text = (
        "<paragraph>Proszę o anulowanie dokumentu:</paragraph>\n<paragraph><caption>Tytuł:</caption> Recepta"
        "</paragraph>\n"
        f"<paragraph><caption>Data wystawienia:</caption> {polish(story.began)}</paragraph>\n"
        f"<paragraph><caption>Identyfikator:</caption> {story.parent}</paragraph>\n{GROWS_HERE}"
    )
    return section("27", "Dane dokumentu anulowanego", text)


def before_operation(story: Story) -> str:
    """Section .3.41: diagnosis before the operation."""
    name = "Surgical operation note preoperative diagnosis Narrative"
    return section(
        "41", "Rozpoznanie przedoperacyjne", paragraphs(story.case.diagnosis), code=("10219-4", name)
    )


def operation(story: Story) -> str:
    """Section .3.42: the operation with its procedure coded."""
    case = story.case
    entry = (
        '<entry typeCode="COMP">\n<procedure classCode="PROC" moodCode="EVN">\n<templateId '
        f'root="{PIK}.4.47"/>\n'
        f'<code code="{case.procedure}" {ICD9} displayName="{escape(case.procedure_name)}"/>\n'
        '<text><reference value="#PROC_1"/></text>\n</procedure>\n</entry>\n'
    )
    text = f'<paragraph ID="PROC_1">{case.procedure} {escape(case.procedure_name)}</paragraph>\n{GROWS_HERE}'
    name = "Surgical operation note surgical procedure Narrative"
    return section("42", "Rodzaj operacji", text, code=("10223-6", name), entries=entry)


def vaccination(story: Story) -> str:
    """Section .3.53: one vaccination."""
    text = paragraphs(
        f"Szczepienie przeciw grypie, dawka 0,5 ml domięśniowo, dnia {polish(story.began)}.",
        f"Seria preparatu: {story.identity[:6]}. Po szczepieniu bez odczynu.",
    )
    return section("53", "Wpis do karty uodpornienia", text + GROWS_HERE)


def nursing_advice(story: Story) -> str:
    """Section .3.50: recommendations of a nurse."""
    text = paragraphs(*story.case.advice) + GROWS_HERE
    return section("50", "Zalecenia pielęgniarskie", text, code=("19009-0", "Nursing care recommendations"))


def binary(loinc: str, loinc_name: str) -> tuple[str, str]:
    """Return what stands before and after the base64 text of the binary form (section .3.55, entry .4.49)."""
    before = (
        f'<component>\n<section>\n<templateId root="{PIK}.3.55"/>\n'
        f'<code code="{loinc}" {LOINC} displayName="{loinc_name}"/>\n'
        '<text><renderMultiMedia referencedObject="DOCUMENT_CONTENT"/></text>\n<entry>\n'
        '<observationMedia ID="DOCUMENT_CONTENT" classCode="OBS" moodCode="EVN">\n'
        f'<templateId root="{PIK}.4.49"/>\n<value representation="B64" mediaType="{{media}}">'
    )
    return before, "</value>\n</observationMedia>\n</entry>\n</section>\n</component>\n"
