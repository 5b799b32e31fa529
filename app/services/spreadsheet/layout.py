"""What stands where in the workbook: the one description that writing, reading and help follow.

Headings and explanations are for planners and in Norwegian. A place in the document is the parts of
its JSON pointer; `KEY` stands for an id that the row names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["text", "number", "ids", "numbers", "flag", "choice", "lon", "lat"]
KEY = "*"

OWNERSHIP = {
    "municipal": "kommunal",
    "non_profit": "ideell",
    "private": "privat",
    "public_private": "offentlig-privat samarbeid",
}
QUALITY = {
    "documented": "dokumentert",
    "secondary": "annenhånds",
    "proxy": "stedfortreder",
    "guess": "gjetning",
    "missing": "ukjent",
}
PROJECT_KIND = {
    "extension": "utvidelse",
    "conversion": "ombygging",
    "new": "nybygg",
    "temporary": "midlertidig",
}
STATUS = {"documented": "dokumentert", "derived": "avledet", "assumption": "antakelse"}
NEED_BASIS = {"coverage": "dekningsgrad", "explicit": "oppgitt per krets"}
TRAVEL_BASIS = {"straight_line": "luftlinje", "matrix": "tabell"}
RULE_CLASS = {
    "physical": "fysisk",
    "law": "lov",
    "policy": "politikk",
    "assumption": "antakelse",
}
FLAG = {True: "ja", False: "nei"}


@dataclass(frozen=True)
class Field:
    """A value of an entry, or of the scenario: `path` below it, heading, kind and help."""

    path: tuple[str, ...]
    title: str
    kind: Kind
    help: str
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@dataclass(frozen=True)
class EntrySheet:
    """One row per entry of a collection, its id in the first column."""

    name: str
    collection: str
    id_title: str
    help: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class FigureSheet:
    """One row per figure: the ids in its place, and a value, or one per year (`by_year`)."""

    name: str
    place: tuple[str, ...]
    keys: tuple[str, ...]
    help: str
    unit: str
    by_year: bool


def _text(path: str, title: str, told: str) -> Field:
    return Field(tuple(path.split(".")), title, "text", told)


def _number(path: str, title: str, unit: str, told: str) -> Field:
    return Field(tuple(path.split(".")), title, "number", told, unit)


def _ids(path: str, title: str, told: str) -> Field:
    return Field(tuple(path.split(".")), title, "ids", f"{told} Flere id-er skilles av mellomrom.")


def _choice(path: str, title: str, choices: Mapping[str, str], told: str) -> Field:
    return Field(tuple(path.split(".")), title, "choice", told, choices=choices)


_LON = Field(("location", "0"), "Lengdegrad", "lon", "WGS84 (EPSG:4326).", "grader")
_LAT = Field(("location", "1"), "Breddegrad", "lat", "WGS84 (EPSG:4326).", "grader")
_QUALITY = _choice("location_quality", "Posisjonens kvalitet", QUALITY, "Hvor sikker den er.")
_OWNERSHIP = _choice("ownership", "Eierform", OWNERSHIP, "Tom: kommunal.")
_CORE = _text("core", "Kjerne", "Id-en til kjernen den hører til.")

CARE_TYPES = EntrySheet(
    "Plasstyper",
    "care_types",
    "Id",
    "Hva slags plasser det er snakk om. En rad per plasstype.",
    (
        _text("title", "Navn", "Det som vises for leseren."),
        _ids("serves", "Dekker behov", "Behovene en slik plass kan dekke."),
        Field(
            ("counts_towards_coverage",),
            "Teller i dekningsgraden",
            "flag",
            "Om plassene regnes med i dekningsgraden: ja eller nei.",
        ),
        _number("operating_cost_nok", "Driftskostnad", "kr per plass og år", "I prisårets kroner."),
    ),
)
CORES = EntrySheet(
    "Kjerner",
    "cores",
    "Id",
    "Kjernene i flerkjernestrukturen. Arket kan stå tomt.",
    (
        _text("title", "Navn", "Det som vises for leseren."),
        _LON,
        _LAT,
        _QUALITY,
        Field(("main",), "Hovedkjerne", "flag", "ja eller nei."),
    ),
)
DISTRICTS = EntrySheet(
    "Kretser",
    "districts",
    "Id",
    "Kretsene behovet kommer fra, vanligvis grunnkretser med grunnkretsnummeret som id. "
    "Kan også hentes fra kart med «flerkjerne import --districts»; "
    "da trengs bare id og kjerne her.",
    (_text("title", "Navn", "Det som vises for leseren."), _CORE, _LON, _LAT),
)
SITES = EntrySheet(
    "Lokasjoner",
    "sites",
    "Id",
    "Steder med plasser i dag, eller der det kan bygges.",
    (
        _text("title", "Navn", "Det som vises for leseren."),
        _CORE,
        _LON,
        _LAT,
        _QUALITY,
        _OWNERSHIP,
    ),
)
PROJECTS = EntrySheet(
    "Prosjekter",
    "projects",
    "Id",
    "Hva som kan bygges, bygges om, leies eller tas i bruk. En rad per mulig prosjekt.",
    (
        _text("title", "Navn", "Det som vises for leseren."),
        _text("site", "Lokasjon", "Id-en til lokasjonen det ligger på."),
        _choice("kind", "Slag", PROJECT_KIND, "Hva slags prosjekt det er."),
        _OWNERSHIP,
        _ids("care_types", "Plasstyper", "Plasstypene det kan ha."),
        _number("places.min", "Minste størrelse", "plasser", "Når det først åpner. Tom: 0."),
        _number("places.max", "Største størrelse", "plasser", "I alt."),
        _number("places.step", "Trinn", "plasser", "Størrelsen øker i slike trinn. Tom: 1."),
        _number("investment_nok", "Fast investering", "kr", "Uansett antall plasser."),
        _number("investment_per_place_nok", "Investering per plass", "kr per plass", "Brutto."),
        _number("grant_per_place_nok", "Tilskudd per plass", "kr per plass", "Tom: ikke noe."),
        _number("lifetime_years", "Levetid", "år", "Årene investeringen fordeles på."),
        _number("operating_cost_nok", "Fast driftskostnad", "kr per år", "Mens det er åpent."),
        _number("opens.earliest", "Åpner tidligst", "årstall", "Tom: når som helst."),
        _number("opens.latest", "Åpner senest", "årstall", "Tom: når som helst."),
        _number("available_years", "Varer", "år", "Bare for midlertidige prosjekter."),
        _ids("excludes", "Utelukker", "Prosjekter det ikke kan komme sammen med."),
        _ids("requires", "Krever", "Prosjekter som må være åpne først."),
    ),
)
RULES = EntrySheet(
    "Regler",
    "rules",
    "Regel",
    "Hvor fast en regel er når ingen plan finnes. En regel som ikke står her, er som vanlig.",
    (
        _choice("class", "Klasse", RULE_CLASS, "Fysiske regler lempes aldri."),
        _number("price_nok_per_unit", "Pris per enhet", "kr", "For å lempe på regelen."),
    ),
)
BARRIERS = EntrySheet(
    "Barrierer",
    "travel.barriers",
    "Id",
    "Vann som en luftlinje ikke skal krysse gratis. Selve linjen står i «Øvrige felt».",
    (
        _text("title", "Navn", "Det som vises for leseren."),
        _number("penalty_minutes", "Tillegg", "minutter", "For hver reise som krysser linjen."),
    ),
)
SOURCES = EntrySheet(
    "Kilder",
    "sources",
    "Felt",
    "Hvor tallene er fra. Feltet er en JSON-peker, som /sites/tunet/places, og gjelder alt under.",
    (
        _choice("status", "Status", STATUS, "Lest i kilden, regnet ut av den, eller antatt."),
        _text("note", "Merknad", "Hvordan tallet er funnet."),
        _number("year", "År", "årstall", "Kildens."),
        _text("publisher", "Utgiver", "Hvem som har gitt ut kilden."),
        _text("licence", "Lisens", "Vilkårene for bruk."),
        _text("url", "Adresse", "Der kilden ligger."),
    ),
)
ENTRY_SHEETS = (CARE_TYPES, CORES, DISTRICTS, SITES, PROJECTS, BARRIERS, RULES, SOURCES)

FIGURE_SHEETS = (
    FigureSheet(
        "Plasser",
        ("sites", KEY, "places", KEY),
        ("Lokasjon", "Plasstype"),
        "Plassene som står der, uten prosjektene. Et tall gjelder til neste år som er oppgitt.",
        "plasser",
        by_year=True,
    ),
    FigureSheet(
        "Innbyggere",
        ("districts", KEY, "population", KEY),
        ("Krets", "Aldersgruppe"),
        "Innbyggere per krets og aldersgruppe, som 80+. Mellom årene regnes det rettlinjet.",
        "personer",
        by_year=True,
    ),
    FigureSheet(
        "Behov",
        ("districts", KEY, "need", KEY),
        ("Krets", "Behov"),
        "Plasser som trengs. Brukes bare når behovet er oppgitt per krets.",
        "plasser",
        by_year=True,
    ),
    FigureSheet(
        "Fordeling av behov",
        ("need", "mix", KEY),
        ("Behov",),
        "Hvor stor andel av behovet som er av hvert slag, når det følger av dekningsgraden.",
        "andel, 0 til 1",
        by_year=False,
    ),
    FigureSheet(
        "Årsverk per plass",
        ("care_types", KEY, "fte_per_place", KEY),
        ("Plasstype", "Personalgruppe"),
        "Bemanning av en plass. Skriv 0 der den ikke er bemannet.",
        "årsverk per plass",
        by_year=False,
    ),
    FigureSheet(
        "Årsverk i prosjekt",
        ("projects", KEY, "fte", KEY),
        ("Prosjekt", "Personalgruppe"),
        "Fast bemanning mens prosjektet er åpent, utenom den per plass.",
        "årsverk",
        by_year=False,
    ),
    FigureSheet(
        "Plasser som går tapt",
        ("projects", KEY, "removes", KEY),
        ("Prosjekt", "Plasstype"),
        "Plasser på samme lokasjon som forsvinner når prosjektet åpner.",
        "plasser",
        by_year=False,
    ),
)

SCENARIO = "Scenario"
SERIES = "Tall over år"
MATRIX = "Reisetid"
OTHER = "Øvrige felt"
READ_ME = "Les meg"
DICTIONARY = "Datakatalog"

FIELD, NAME, VALUE, UNIT, HELP = "Felt", "Navn", "Verdi", "Enhet", "Forklaring"
SERIES_KEY = "Gruppe eller kjerne"
ALL_YEARS = "Alle år"
DISTRICT = "Krets"
POINTER, PART, JSON_TEXT = "Peker", "Del", "JSON"

SCENARIO_FIELDS = (
    _number("schema_version", "Formatets versjon", "", "Skal stå som den er."),
    _text("title", "Tittel", "Hva scenariet heter."),
    _text("description", "Beskrivelse", "Hva det handler om."),
    _number("price_year", "Prisår", "årstall", "Året alle kroner er i."),
    _text("municipality.code", "Kommunenummer", "Fire sifre."),
    _text("municipality.name", "Kommune", "Kommunens navn."),
    _number("years.first", "Første år", "årstall", "I planperioden."),
    _number("years.last", "Siste år", "årstall", "I planperioden."),
    _choice(
        "need.basis", "Behovet følger av", NEED_BASIS, "Dekningsgrad × innbyggere, eller oppgitt."
    ),
    _text("need.population", "Behovets aldersgruppe", "Gruppen dekningsgraden er av, som 80+."),
    _choice("travel.basis", "Reisetid fra", TRAVEL_BASIS, "Luftlinje, eller arket «Reisetid»."),
    _number("travel.speed_kmh", "Fart", "km/t", "Langs luftlinjen, med omvei."),
    _number("travel.detour", "Omvei", "ganger luftlinjen", "Minst 1."),
    _number("travel.access_minutes", "Tillegg for hver reise", "minutter", "Til og fra bilen."),
    _number("travel.limit_minutes", "Lengste reise", "minutter", "Tom: ingen grense."),
    _number("travel.visits_per_place_year", "Besøk", "per plass og år", "Reiser som regnes."),
    _number("travel.value_of_time_nok_per_hour", "Tidsverdi", "kr per time", "For de reisende."),
    _text("targets.coverage.population", "Dekningsmålets aldersgruppe", "Som 80+."),
    Field(
        ("targets", "coverage", "reference_ratios"),
        "Andre dekningsgrader å vise",
        "numbers",
        "Flere skilles av mellomrom: 0.16 0.18.",
        "andel, 0 til 1",
    ),
    _text("targets.core_coverage.population", "Kjernemålets aldersgruppe", "Som 80+."),
    _number("targets.within.minutes", "Nærhetsmålets grense", "minutter", "Reisetid én vei."),
    _number("budget.investment_total_nok", "Investeringsramme i alt", "kr", "Fratrukket tilskudd."),
    Field(
        ("policies", "allowed_ownership"),
        "Tillatte eierformer",
        "ids",
        "Tom: alle. Skilles av mellomrom: " + " ".join(OWNERSHIP) + ".",
    ),
    _number(
        "policies.max_projects", "Høyst så mange prosjekter", "prosjekter", "Tom: ingen grense."
    ),
    _number("policies.min_cores_with_places", "Minst så mange kjerner med plasser", "kjerner", ""),
    _ids("policies.required_projects", "Prosjekter som må med", "Id-er."),
    _ids("policies.forbidden_projects", "Prosjekter som ikke kan med", "Id-er."),
    _ids("policies.keep_places", "Plasstyper som ikke kan fjernes", "Id-er."),
    _number("objective.discount_rate", "Kalkulasjonsrente", "andel, 0.04 er 4 %", "Per år."),
    _number(
        "objective.unmet_place_year_nok", "Pris på manglende plass", "kr per år", "Tom: ikke lov."
    ),
    _number("objective.weights.cost", "Vekt på kostnad", "", "Tom: 1."),
    _number("objective.weights.travel", "Vekt på reise", "", "Tom: 1."),
    _number("objective.weights.worst_off", "Vekt på dem med lengst reise", "", "Tom: 0."),
    _number("objective.weights.kolm_pollak", "Vekt på ulikhet (Kolm–Pollak)", "", "Tom: 0."),
    _number(
        "objective.inequality_aversion_per_minute", "Ulikhetsaversjon", "per minutt", "Over 0."
    ),
)

SERIES_FIELDS: Mapping[str, tuple[str, str]] = {
    "need.ratio": ("andel, 0 til 1", "Plasser som trengs per innbygger i aldersgruppen."),
    "targets.coverage.ratio": ("andel, 0 til 1", "Dekningsgrad som skal nås."),
    "targets.core_coverage.ratio": ("andel, 0 til 1", "Dekningsgrad i en kjerne, eller i alle."),
    "targets.within.share": ("andel, 0 til 1", "Andel som skal ha kort nok reise."),
    "staffing.available_fte": ("årsverk", "Årsverk som finnes, per personalgruppe."),
    "budget.investment_nok": ("kr per år", "Ramme for investering, fratrukket tilskudd."),
    "budget.operating_nok": ("kr per år", "Ramme for drift."),
}
"""Dotted path → unit and help, of what changes over the years."""
KEYED_SERIES = ("targets.core_coverage.ratio", "staffing.available_fte")
"""Of these, the ones that have a series for each core or group."""
SERIES_HELP = (
    "Mål, rammer og årsverk. Ett tall for alle år, eller et tall fra det året det gjelder."
)
MATRIX_HELP = "Minutter fra krets (rad) til lokasjon (kolonne). Tom celle: kan ikke nås."
OTHER_HELP = (
    "Det de andre arkene ikke har plass til, som grensene til kretsene: peker, delnummer når "
    "teksten er delt på flere rader, og verdien som JSON. La det stå."
)
