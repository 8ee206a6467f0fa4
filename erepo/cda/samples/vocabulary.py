# ruff: noqa: E501 (tables of words; their lines read better whole)
"""Polish names, addresses and clinical phrases of the samples; all texts written for this project.

Codes: ICD-10, ICD-9-PL, specialties of organisational cells (resort codes part VIII), all publicly listed.
"""

from dataclasses import dataclass
from typing import Final

GIVEN_FEMALE: Final = (
    "Anna", "Maria", "Katarzyna", "Małgorzata", "Agnieszka", "Barbara", "Ewa", "Zofia", "Elżbieta", "Świętosława",
    "Halina", "Łucja", "Wiesława", "Grażyna", "Żaneta", "Jadwiga", "Ćwierada", "Julia", "Hanna", "Róża",
)  # fmt: skip
GIVEN_MALE: Final = (
    "Jan", "Piotr", "Krzysztof", "Andrzej", "Tomasz", "Paweł", "Michał", "Łukasz", "Stanisław", "Józef",
    "Wojciech", "Świętopełk", "Kazimierz", "Grzegorz", "Zbigniew", "Jędrzej", "Błażej", "Mirosław", "Antoni", "Żegota",
)  # fmt: skip
#: Surnames as (female, male).
FAMILIES: Final = (
    ("Próbna", "Próbny"), ("Testowska", "Testowski"), ("Przykładowa", "Przykładowy"), ("Zmyślona", "Zmyślony"),
    ("Wzorcowska", "Wzorcowski"), ("Niby-Żółć", "Niby-Żółć"), ("Szablonowicz", "Szablonowicz"), ("Makieta", "Makieta"),
    ("Ćwiczebna", "Ćwiczebny"), ("Fikcyjna", "Fikcyjny"), ("Łatwowierska", "Łatwowierski"), ("Dęboróg", "Dęboróg"),
    ("Źdźbło", "Źdźbło"), ("Modelska", "Modelski"), ("Wymyślna", "Wymyślny"), ("Pokazowska", "Pokazowski"),
)  # fmt: skip
PREFIXES: Final = ("lek.", "lek.", "lek.", "dr n. med.", "dr hab. n. med.")
#: City and first part of its postal codes.
CITIES: Final = (
    ("Warszawa", "02"), ("Kraków", "31"), ("Łódź", "90"), ("Wrocław", "50"), ("Poznań", "61"), ("Gdańsk", "80"),
    ("Białystok", "15"), ("Rzeszów", "35"), ("Zielona Góra", "65"), ("Świdnica", "58"), ("Kędzierzyn-Koźle", "47"),
)  # fmt: skip
STREETS: Final = (
    "Kwiatowa", "Lipowa", "Żeromskiego", "Słowackiego", "3 Maja", "Źródlana", "Jaśminowa", "Ogrodowa", "Spółdzielcza",
    "Księdza Ściegiennego", "Łąkowa", "Pod Dębem",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """One clinical story: diagnosis, where it is treated (code, name), what is done, sentences that fit together."""

    icd10: str
    diagnosis: str
    clinic: tuple[str, str]
    ward: tuple[str, str]
    procedure: str
    procedure_name: str
    drugs: tuple[tuple[str, str], ...]
    history: tuple[str, ...]
    findings: tuple[str, ...]
    advice: tuple[str, ...]


CASES: Final = (
    Case(
        "I10", "Samoistne (pierwotne) nadciśnienie tętnicze", ("1100", "Poradnia kardiologiczna"), ("4100", "Oddział kardiologiczny"), "89.522", "Elektrokardiogram z 12 odprowadzeniami",
        (("Ramipryl 5 mg tabletki", "1 x 1 tabl. rano"), ("Amlodypina 10 mg tabletki", "1 x 1 tabl. wieczorem")),
        (
            "Od trzech tygodni poranne bóle głowy w okolicy potylicznej, bez zaburzeń widzenia.",
            "W pomiarach domowych wartości ciśnienia powyżej 150/95 mmHg.",
            "Wywiad rodzinny obciążony: nadciśnienie tętnicze u obojga rodziców.",
        ),
        (
            "Czynność serca miarowa, tony czyste, głośne, szmerów nie stwierdza się.",
            "Osłuchowo nad polami płucnymi szmer pęcherzykowy prawidłowy.",
            "Obrzęków obwodowych nie stwierdza się, tętno na obu kończynach symetryczne.",
        ),
        ("Ograniczenie soli w diecie do 5 g na dobę.", "Dzienniczek pomiarów ciśnienia dwa razy dziennie."),
    ),
    Case(
        "E11", "Cukrzyca insulinoniezależna", ("1020", "Poradnia diabetologiczna"), ("4000", "Oddział chorób wewnętrznych"), "99.978", "Edukacja diabetologiczna",
        (("Metformina 850 mg tabletki", "2 x 1 tabl. po posiłku"), ("Empagliflozyna 10 mg tabletki", "1 x 1 tabl. rano")),
        (
            "Cukrzyca rozpoznana przed sześcioma laty, leczona doustnie.",
            "W samokontroli glikemie na czczo od 140 do 190 mg/dl.",
            "Bez epizodów hipoglikemii, masa ciała stabilna.",
        ),
        (
            "Stopy ciepłe, skóra bez uszkodzeń, czucie wibracji obustronnie zachowane.",
            "Brzuch miękki, niebolesny, wątroba niewyczuwalna.",
            "Wskaźnik masy ciała 31,2 kg/m².",
        ),
        ("Kontrola hemoglobiny glikowanej za trzy miesiące.", "Konsultacja okulistyczna raz w roku."),
    ),
    Case(
        "M51.1", "Choroby krążka międzykręgowego lędźwiowego z uciskiem korzeni nerwowych", ("1580", "Poradnia chirurgii urazowo-ortopedycznej"), ("4570", "Oddział neurochirurgiczny"), "88.93",
        "Rezonans magnetyczny kanału kręgowego",
        (("Ketoprofen 100 mg tabletki", "2 x 1 tabl. po posiłku"), ("Tolperyzon 150 mg tabletki", "3 x 1 tabl.")),
        (
            "Ból okolicy lędźwiowej promieniujący do lewej kończyny dolnej po podniesieniu ciężaru.",
            "Dolegliwości nasilają się przy siedzeniu, ustępują częściowo w pozycji leżącej.",
            "Zaburzeń czynności zwieraczy nie zgłasza.",
        ),
        (
            "Objaw Lasègue'a po stronie lewej dodatni przy 40°, po prawej ujemny.",
            "Osłabiony odruch skokowy lewy, siła zginaczy podeszwowych 4/5 w skali Lovetta.",
            "Ruchomość odcinka lędźwiowego ograniczona bólem.",
        ),
        ("Rehabilitacja według planu fizjoterapeuty.", "Unikanie dźwigania powyżej 5 kg przez sześć tygodni."),
    ),
    Case(
        "J18.9", "Zapalenie płuc, nieokreślone", ("1270", "Poradnia gruźlicy i chorób płuc"), ("4270", "Oddział gruźlicy i chorób płuc"), "87.440", "RTG klatki piersiowej",
        (("Amoksycylina z kwasem klawulanowym 1 g tabletki", "2 x 1 tabl. przez 7 dni"),
         ("Acetylocysteina 600 mg tabletki musujące", "1 x 1 tabl. rano")),
        (
            "Od pięciu dni gorączka do 39 °C, kaszel z odkrztuszaniem żółtej wydzieliny.",
            "Duszność wysiłkowa od wczoraj, bez bólu w klatce piersiowej.",
            "Uczulenia na leki nie podaje.",
        ),
        (
            "Nad dolnym polem płuca prawego trzeszczenia i szmer oskrzelowy.",
            "Saturacja 94 % bez podaży tlenu, liczba oddechów 20 na minutę.",
            "Gardło zaczerwienione, migdałki bez nalotów.",
        ),
        ("Kontrola w poradni po zakończeniu antybiotyku.", "Nawadnianie co najmniej 2 litry płynów na dobę."),
    ),
    Case(
        "K80.2", "Kamica pęcherzyka żółciowego bez zapalenia pęcherzyka", ("1500", "Poradnia chirurgii ogólnej"), ("4500", "Oddział chirurgiczny ogólny"), "51.23", "Wycięcie pęcherzyka żółciowego laparoskopowe",
        (("Drotaweryna 40 mg tabletki", "doraźnie 1 tabl. przy bólu"), ("Paracetamol 500 mg tabletki", "do 4 x 1 tabl.")),
        (
            "Napady bólu w prawym podżebrzu po posiłkach tłustych, ostatni przed dwoma tygodniami.",
            "W badaniu ultrasonograficznym złogi pęcherzyka żółciowego do 12 mm.",
            "Żółtaczki ani gorączki w wywiadzie nie było.",
        ),
        (
            "Brzuch miękki, tkliwy w prawym podżebrzu, objawy otrzewnowe ujemne.",
            "Objaw Chełmońskiego słabo dodatni, objaw Goldflama ujemny.",
            "Perystaltyka prawidłowa.",
        ),
        ("Dieta lekkostrawna przez cztery tygodnie.", "Zdjęcie szwów w dziesiątej dobie."),
    ),
    Case(
        "G43.1", "Migrena z aurą [migrena klasyczna]", ("1220", "Poradnia neurologiczna"), ("4220", "Oddział neurologiczny"), "89.005", "Konsultacja neurologiczna",
        (("Sumatryptan 50 mg tabletki", "doraźnie 1 tabl. na początku napadu"), ("Topiramat 25 mg tabletki", "2 x 1 tabl.")),
        (
            "Napadowe bóle głowy poprzedzone mroczkiem iskrzącym trwającym około 20 minut.",
            "Częstość napadów wzrosła w ostatnim kwartale do czterech w miesiącu.",
            "Dotychczasowe leki przeciwbólowe przynoszą niewielką ulgę.",
        ),
        (
            "Przytomność pełna, mowa prawidłowa, nerwy czaszkowe bez odchyleń.",
            "Próba Romberga ujemna, próba palec-nos wykonana sprawnie.",
            "Objawy oponowe ujemne, odruchy symetryczne.",
        ),
        ("Prowadzenie dzienniczka bólów głowy.", "Regularny sen i unikanie rozpoznanych czynników wyzwalających."),
    ),
)  # fmt: skip

STATES: Final = (
    "Stan ogólny dobry", "Stan ogólny średni", "Stan stabilny", "Pacjent w kontakcie logicznym", "Samopoczucie lepsze",
    "Dolegliwości wyraźnie mniejsze", "Noc spokojna", "Nie zgłasza nowych dolegliwości",
)  # fmt: skip
REMARKS: Final = (
    "Leczenie kontynuowano bez zmian.", "Zmodyfikowano dawkowanie zgodnie z kartą zleceń.", "Wykonano badania kontrolne.",
    "Pobrano krew do badań laboratoryjnych.", "Uruchomiono przy łóżku, chodzi samodzielnie.", "Dietę rozszerzono.",
    "Omówiono z pacjentem dalsze postępowanie.", "Zmieniono opatrunek, rana czysta, bez cech zakażenia.",
    "Konsultowano z lekarzem dyżurnym, zalecono dalszą obserwację.", "Wydolny krążeniowo i oddechowo.",
)  # fmt: skip

#: Laboratory tests: ICD-9-PL code, name, unit, lowest and highest normal value, decimal places.
LABORATORY: Final = (
    ("O35", "Sód", "mmol/l", 135.0, 145.0, 0), ("N45", "Potas", "mmol/l", 3.5, 5.1, 2),
    ("L43", "Glukoza", "mg/dl", 70.0, 99.0, 0), ("M37", "Kreatynina", "mg/dl", 0.6, 1.2, 2),
    ("I17", "ALT", "U/l", 10.0, 41.0, 0), ("I19", "AST", "U/l", 10.0, 37.0, 0),
    ("I81", "CRP", "mg/l", 0.0, 5.0, 1), ("L69", "TSH", "mIU/l", 0.27, 4.2, 3),
    ("I99", "Cholesterol całkowity", "mg/dl", 115.0, 190.0, 0), ("O49", "Triglicerydy", "mg/dl", 40.0, 150.0, 0),
    ("N13", "Mocznik", "mg/dl", 17.0, 43.0, 1), ("M45", "Kwas moczowy", "mg/dl", 2.6, 6.0, 1),
    ("O95", "Żelazo", "µg/dl", 50.0, 170.0, 0), ("O77", "Wapń całkowity", "mmol/l", 2.15, 2.55, 2),
)  # fmt: skip
