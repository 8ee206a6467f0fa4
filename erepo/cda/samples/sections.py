"""Sections of the body: template, LOINC code, title, narrative and coded entries, as PIK 1.3.1 has them."""

from typing import Final
from xml.sax.saxutils import escape

from erepo.cda.samples import vocabulary as words
from erepo.cda.samples.story import Story, polish, stamp
from erepo.identifiers import oids

PIK: Final = f"{oids.PIK}.10"
ICD9: Final = f'codeSystem="{oids.ICD9_PL}" codeSystemName="ICD-9-PL"'
LOINC: Final = 'codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC"'

#: Marks the place in a body where observations are put to reach a size.
GROWS_HERE: Final = "<!--grows-->"


def section(
    template: str, title: str, text: str, *, code: tuple[str, str] | None = None, entries: str = ""
) -> str:
    """Return one section as a component of the body.

    Args:
        template: number below 2.16.840.1.113883.3.4424.13.10.3.
        title: as shown to people; empty for none.
        text: narrative markup.
        code: LOINC code and its display name.
        entries: coded entries.
    """
    coded = f'<code code="{code[0]}" {LOINC} displayName="{code[1]}"/>\n' if code else ""
    titled = f"<title>{escape(title)}</title>\n" if title else ""
    return (
        f'<component>\n<section>\n<templateId root="{PIK}.3.{template}"/>\n{coded}{titled}'
        f"<text>\n{text}</text>\n{entries}</section>\n</component>\n"
    )


def paragraphs(*sentences: str) -> str:
    """Return each sentence as a paragraph."""
    return "".join(f"<paragraph>{escape(sentence)}</paragraph>\n" for sentence in sentences)


def observation(story: Story, number: int) -> str:
    """Return one dated observation of about 250 bytes, the stuff that long documents are made of."""
    rng = story.rng
    hour, minute = rng.randrange(6, 23), rng.randrange(0, 60, 5)
    whole, tenth = divmod(rng.randrange(360, 384), 10)
    return (
        f"<paragraph>Obserwacja {number} ({polish(story.began)}, godz. {hour:02}:{minute:02}): "
        f"{rng.choice(words.STATES)}, RR {rng.randrange(105, 165)}/{rng.randrange(60, 98)} mmHg, "
        f"tętno {rng.randrange(56, 104)}/min, temperatura {whole},{tenth} °C. "
        f"{rng.choice(story.case.findings)} {rng.choice(words.REMARKS)}</paragraph>\n"
    )


def diagnosis(story: Story) -> str:
    """Section .3.1: the principal diagnosis, told and coded in ICD-10."""
    case = story.case
    entry = (
        f'<entry>\n<templateId root="{PIK}.4.1"/>\n<organizer classCode="BATTERY" moodCode="EVN">\n'
        '<code code="8319008" codeSystem="2.16.840.1.113883.6.96" codeSystemName="SNOMED CT" '
        'displayName="Principal diagnosis"/>\n<statusCode code="completed"/>\n<component>\n'
        '<observation classCode="OBS" moodCode="EVN">\n'
        f'<code code="{case.icd10}" codeSystem="2.16.840.1.113883.6.3" codeSystemName="icd10" '
        f'displayName="{escape(case.diagnosis)}"/>\n<text><reference value="#DIAG_1"/></text>\n'
        "</observation>\n</component>\n</organizer>\n</entry>\n"
    )
    text = (
        f'<table>\n<tbody>\n<tr ID="DIAG_1"><td>{escape(case.diagnosis)}</td><td>{case.icd10}</td></tr>\n'
        "</tbody>\n</table>\n"
    )
    return section("1", "Rozpoznania", text, code=("29548-5", "Diagnosis"), entries=entry)


def history(story: Story) -> str:
    """Section .3.30: history of the illness; long documents grow here."""
    text = paragraphs(*story.case.history) + GROWS_HERE
    return section("30", "Wywiad lekarski", text, code=("10164-2", "History of present illness"))


def findings(story: Story) -> str:
    """Section .3.31: physical findings."""
    return section(
        "31", "Badanie przedmiotowe", paragraphs(*story.case.findings), code=("29545-1", "Physical findings")
    )


def treatment(story: Story) -> str:
    """Section .3.36: what was done; long discharge summaries grow here."""
    given = paragraphs(*(f"{name}, {dose}" for name, dose in story.case.drugs)) + GROWS_HERE
    return section("36", "Zastosowane leczenie", given, code=("55753-8", "Treatment information"))


def advice(story: Story) -> str:
    """Section .3.32: recommendations with the drugs as coded proposals."""
    items = "".join(f"<item>{escape(one)}</item>\n" for one in story.case.advice)
    entries = ""
    for number, (name, dose) in enumerate(story.case.drugs, start=1):
        items += f'<item ID="SBADM_{number}">{escape(name)}, {escape(dose)}</item>\n'
        entries += (
            f'<entry>\n<templateId root="{PIK}.4.22"/>\n<substanceAdministration classCode="SBADM" '
            'moodCode="RQO">\n'
            f'<text><reference value="#SBADM_{number}"/></text>\n<consumable>\n<manufacturedProduct>\n'
            f'<templateId root="{PIK}.4.21"/>\n<manufacturedLabeledDrug>\n'
            f'<code code="{100_000 + number}" codeSystem="2.16.840.1.113883.3.4424.6.1" '
            f'displayName="{escape(name)}"/>\n'
            "</manufacturedLabeledDrug>\n</manufacturedProduct>\n</consumable>\n</substanceAdministration>\n"
            "</entry>\n"
        )
    return section(
        "32", "Zalecenia", f"<list>\n{items}</list>\n", code=("57828-6", "Prescriptions"), entries=entries
    )


def laboratory(story: Story, template: str = "33") -> str:
    """Section .3.33 (laboratory report) or .35: measured values with their reference ranges."""
    rows, entries = "", ""
    for number, test in enumerate(story.rng.sample(words.LABORATORY, 6), start=1):
        row, entry = _measured(story, number, *test)
        rows += row
        entries += entry
    head = "".join(f"<th>{word}</th>" for word in ("Badanie", "Wynik", "Jedn.", "Norma", "Flaga"))
    grows = GROWS_HERE if template == "33" else ""
    text = f"<table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{rows}</tbody>\n</table>\n{grows}"
    code_of = ("30954-2", "Relevant diagnostic tests/laboratory data")
    return section(template, "Wyniki badań", text, code=code_of, entries=entries)


def _measured(  # noqa: PLR0913, PLR0917 (a row of the table of tests)
    story: Story, number: int, code: str, name: str, unit: str, low: float, high: float, places: int
) -> tuple[str, str]:
    """Draw one value; return its row for people and its entry (.4.20) for programs."""
    measured = round(story.rng.uniform(low * 0.8, high * 1.25), places)
    flag = "<td>L</td>" if measured < low else "<td>H</td>" if measured > high else "<td/>"
    value, least, most = (f"{amount:.{places}f}" for amount in (measured, low, high))
    told = f"<td>{value}</td><td>{unit}</td><td>{least} - {most}</td>".replace(".", ",")
    row = f'<tr ID="OBS_{number}"><td>{name} (ICD-9: {code})</td>{told}{flag}</tr>\n'
    entry = (
        '<entry typeCode="COMP">\n<observation classCode="OBS" moodCode="EVN">\n'
        f'<templateId root="{PIK}.4.20"/>\n<code code="{code}" {ICD9} displayName="{name}"/>\n'
        f'<text><reference value="#OBS_{number}"/></text>\n'
        f'<effectiveTime value="{stamp(story.began)}"/>\n'
        f'<value xsi:type="PQ" value="{value}" unit="{unit}"/>\n<referenceRange typeCode="REFV">\n'
        '<observationRange classCode="OBS" moodCode="EVN.CRT">\n<value xsi:type="IVL_PQ">'
        f'<low value="{least}" unit="{unit}"/><high value="{most}" unit="{unit}"/></value>\n'
        "</observationRange>\n</referenceRange>\n</observation>\n</entry>\n"
    )
    return row, entry


def laboratory_summary(story: Story) -> str:
    """Section .3.35: results that mattered during a stay."""
    return laboratory(story, "35")


def study(story: Story) -> str:
    """Section .3.34: description of a diagnostic study."""
    text = paragraphs(f"Badanie: {story.case.procedure_name}.", *story.case.findings) + GROWS_HERE
    return section("34", "Opis badania", text, code=("47045-0", "Study report"))


def stays(story: Story) -> str:
    """Section .3.56: the wards of a stay."""
    item = f'<item ID="ENC_1">{polish(story.began)} - {polish(story.written)} {story.place[1]}</item>'
    entry = (
        f'<entry>\n<encounter classCode="ENC" moodCode="EVN">\n<templateId root="{PIK}.4.50"/>\n'
        f'<code code="{story.place[0]}" codeSystem="{oids.CELL_SPECIALTY}" displayName="{story.place[1]}"/>\n'
        '<text><reference value="#ENC_1"/></text>\n<effectiveTime>'
        f'<low value="{stamp(story.began)}"/><high value="{stamp(story.written)}"/></effectiveTime>\n'
        "</encounter>\n</entry>\n"
    )
    return section(
        "56", "", f"<list>\n<caption>Pobyty na oddziałach:</caption>\n{item}\n</list>\n", entries=entry
    )


def epicrisis(story: Story) -> str:
    """Section .3.37: course of the stay in words."""
    text = paragraphs(
        f"Przyjęto na: {story.place[1]} z rozpoznaniem: {story.case.diagnosis}.",
        *story.case.history,
    )
    return section("37", "Epikryza", text, code=("11493-4", "Hospital discharge studies summary"))
