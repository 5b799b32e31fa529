"""How layers look in QGIS: chosen to be told apart by the colour-blind, and printed in grey.

Districts are a ramp of one hue from light to dark by minutes. What stands today is a pie by type
of place, what is new hatched rings around it, area by area: a place takes as much paper in both.
Types differ in lightness, not in hue alone. Layers of years show the year of the temporal
controller, and the last one while it is switched off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree.ElementTree import Element

from geodata.frame import Frame
from geodata.layers import Fields
from geodata.qgis.elements import (
    VERSION,
    Attributes,
    by_expression,
    column,
    document,
    element,
    key,
    literal,
    options,
    total,
    value_list,
)
from geodata.qgis.symbols import (
    FONT,
    area,
    filled_circle,
    hatching,
    lettering,
    marker,
    stroke,
    symbol,
)

INK, PAPER, GREY = "#1a1a1a", "#ffffff", "#767676"
OPENED = "#d7301f"
MINUTES = (5, 10, 15, 20, 30)
"""Bounds of the classes of districts, minutes one way."""
RAMP = ("#f1eef6", "#d0d1e6", "#a6bddb", "#74a9cf", "#2b8cbe", "#045a8d")
"""PuBu of ColorBrewer: safe for the colour-blind, and for printing."""
TYPES = ("#fed976", "#e8601c", "#4a1058", "#4eb265", "#f4a7c3", "#882e72")
"""Of care types by their sorted ids, over again when there are more: far apart in lightness."""
PEOPLE = (1, 5, 20)
"""Bounds of the classes of lines, people."""
WIDTHS = (0.12, 0.35, 0.8, 1.6)
MM_PER_ROOT_PLACE = 1.2
"""Diameter of the circle of one place; area by area for more."""
NAMES_FROM = 50_000
"""Scale from which on sites are named."""
IDLE_FROM = 25_000
"""Scale from which on projects are shown that do not open."""

CODES: Mapping[str, Mapping[str, str]] = {
    "ownership": {
        "municipal": "Kommunal",
        "non_profit": "Ideell",
        "private": "Privat",
        "public_private": "Offentlig–privat samarbeid",
    },
    "kind": {
        "extension": "Utvidelse",
        "conversion": "Ombygging",
        "new": "Nybygg",
        "temporary": "Midlertidig",
    },
    "location_quality": {
        "documented": "Dokumentert",
        "secondary": "Fra annen kilde",
        "proxy": "Anslått: sted i nærheten",
        "guess": "Gjettet",
        "missing": "Mangler",
        "unknown": "Ikke oppgitt",
    },
}
"""What planners read instead of codes."""
KNOWN_PLACES = ("documented", "secondary")


@dataclass(frozen=True)
class Style:
    """How one layer is drawn."""

    renderer: Element
    labels: Element | None = None
    diagrams: Sequence[Element] = ()
    years: bool = False
    """Whether it is played from `from_date` to `to_date`."""
    geometry: str = "Point"
    fields: Fields = field(default_factory=dict)

    def attributes(self) -> dict[str, str]:
        """Those that stand on the element of the layer."""
        return {"labelsEnabled": "0" if self.labels is None else "1", "readOnly": "1"}

    def elements(self) -> list[Element]:
        """The settings, for a layer of a project or a file of its own."""
        labels = [] if self.labels is None else [self.labels]
        temporal = [_played()] if self.years else []
        return [
            *temporal,
            self.renderer,
            *labels,
            *self.diagrams,
            element("fieldConfiguration", {}, *(_editor(name) for name in self.fields)),
            element("aliases", {}, *_aliases(self.fields)),
        ]


def style(layer: str, frame: Frame) -> Style:
    """How a layer of `geodata.layers.MAP_LAYERS` is drawn."""
    return _STYLES[layer](frame)


def qml(layer: str, frame: Frame) -> str:
    """A style as a file, or a row of `layer_styles`."""
    chosen = style(layer, frame)
    kinds = {"Point": "0", "Line": "1", "Polygon": "2"}
    attributes = {"version": VERSION, "styleCategories": "AllStyleCategories"}
    kind = element("layerGeometryType", {}, kinds[chosen.geometry])
    return document(element("qgis", attributes | chosen.attributes(), *chosen.elements(), kind))


# Parts ---------------------------------------------------------------------------------------


def _played() -> Element:
    return element(
        "temporal",
        {
            "enabled": 1,
            "mode": 4,  # by expressions: fields that are days are compared as texts
            "startExpression": _moment("from_date", 1),
            "endExpression": _moment("to_date", 9999),
            "limitMode": 0,
            "accumulate": 0,
            "durationUnit": "y",
            "fixedDuration": 0,
        },
        element("fixedRange", {}, element("start"), element("end")),
    )


def _moment(name: str, without: int) -> str:
    """A day as a moment; one in the year `without` where there is none, for then it lasts."""
    return f"coalesce(to_datetime({column(name)}), make_datetime({without}, 1, 1, 0, 0, 0))"


def _editor(name: str) -> Element:
    """How a property is shown: its codes as words."""
    words = CODES.get(name)
    if words is None:
        return element("field", {"name": name}, element("editWidget", {"type": ""}))
    listed = value_list(options({word: code}) for code, word in words.items())
    config = element("config", {}, options({"map": listed}))
    return element("field", {"name": name}, element("editWidget", {"type": "ValueMap"}, config))


def _aliases(fields: Fields) -> list[Element]:
    return [
        element("alias", {"field": name, "name": one.title, "index": index})
        for index, (name, one) in enumerate(fields.items())
    ]


Rule = tuple[str, str, Element]
"""What it is called, for which features, and their symbol, which gets a name here."""


def _rules(layer: str, rules: Sequence[Rule], scales: Mapping[int, int] | None = None) -> Element:
    """Drawn by the rule that fits; by some of them, by number, only from a scale on."""
    listed, symbols = [], []
    for index, (label, fitting, drawn) in enumerate(rules):
        drawn.set("name", str(index))
        symbols.append(drawn)
        rule: Attributes = {
            "key": key(layer, str(index)),
            "symbol": index,
            "label": label,
            "filter": fitting,
        }
        scale = (scales or {}).get(index)
        seen: Attributes = {} if scale is None else {"scalemindenom": 1, "scalemaxdenom": scale}
        listed.append(element("rule", {**rule, **seen}))
    return element(
        "renderer-v2",
        {"type": "RuleRenderer", "symbollevels": 0, "enableorderby": 0, "forceraster": 0},
        element("rules", {"key": key(layer)}, *listed),
        element("symbols", {}, *symbols),
    )


def _of_the_year(frame: Frame) -> str:
    """The year that is played; the last one when none is."""
    return f'"year" = coalesce(year(@map_start_time), {frame.last_year})'


def _labels(
    text: str, size: float, placement: Attributes, *, bold: bool, scale: int = 0
) -> Element:
    """Texts by an expression, on paper of their own; from a scale on when there is one."""
    styled = element(
        "text-style",
        {
            "fieldName": text,
            "isExpression": 1,
            "fontSize": size,
            "fontSizeUnit": "Point",
            "fontWeight": 75 if bold else 50,
            "textColor": "26,26,26,255",
            "textOpacity": 1,
        },
        element(
            "text-buffer",
            {
                "bufferDraw": 1,
                "bufferSize": 0.7,
                "bufferSizeUnits": "MM",
                "bufferColor": "255,255,255,255",
                "bufferOpacity": 0.85,
            },
        ),
    )
    shown: Attributes = {
        "drawLabels": 1,
        "scaleVisibility": int(scale > 0),
        "scaleMax": scale,
        "obstacle": 0,
        "zIndex": 1,  # above the pies, which are drawn as labels too
    }
    settings = element(
        "settings",
        {"calloutType": "simple"},
        styled,
        element("text-format", {"multilineAlign": 1}),
        element("placement", {"distUnits": "MM", "priority": 5, **placement}),
        element("rendering", shown),
    )
    return element("labeling", {"type": "simple"}, settings)


BESIDE: Attributes = {
    "placement": 6,
    "predefinedPositionOrder": "TR,TL,BR,BL,R,L",
    "offsetType": 1,
    "dist": 0.6,
}
BELOW: Attributes = {
    "placement": 6,
    "predefinedPositionOrder": "B,T,R,L",
    "offsetType": 1,
    "dist": 1.2,
}
OVER: Attributes = {"placement": 1, "quadOffset": 4}
INSIDE: Attributes = {"placement": 4, "fitInPolygonOnly": 0}


# Districts -----------------------------------------------------------------------------------


def _district(layer: str, frame: Frame, minutes: str, within: str) -> Style:
    between = " AND ".join(filter(None, (within, "{}")))
    names = ("Ingen får plass", *_classes(MINUTES, "minutter"))
    fits = (f"{minutes} IS NULL", *_between(minutes, MINUTES))
    fills = [_untold(frame), *(_shaded(frame, colour) for colour in RAMP)]
    rules = zip(names, map(between.format, fits), fills, strict=True)
    label = f'if({within}, "title", NULL)' if within else '"title"'
    return Style(
        _rules(layer, list(rules)),
        _labels(label, 7, INSIDE if frame.outlined else BELOW, bold=False, scale=40_000),
        geometry="Polygon" if frame.outlined else "Point",
        years=bool(within),
        fields=frame.fields[layer],
    )


def _districts(frame: Frame) -> Style:
    return _district("districts", frame, column(f"mean_minutes_{frame.last_year}"), "")


def _district_years(frame: Frame) -> Style:
    return _district("district_years", frame, '"mean_minutes"', _of_the_year(frame))


def _shaded(frame: Frame, colour: str) -> Element:
    if frame.outlined:
        return symbol("fill", "", area(colour, PAPER, 0.3))
    return symbol("marker", "", marker("circle", 3, colour, GREY, 0.2))


def _untold(frame: Frame) -> Element:
    if frame.outlined:
        return symbol("fill", "", area(PAPER, GREY, 0.1), hatching("#b8b8b8", 0.2, 1.6))
    return symbol("marker", "", marker("circle", 3, None, GREY, 0.2))


def _classes(bounds: Sequence[int], unit: str) -> list[str]:
    middle = [f"{a}–{b} {unit}" for a, b in pairwise(bounds)]
    return [f"Under {bounds[0]} {unit}", *middle, f"{bounds[-1]} {unit} eller mer"]


def _between(value: str, bounds: Sequence[int]) -> list[str]:
    middle = [f"{value} >= {a} AND {value} < {b}" for a, b in pairwise(bounds)]
    return [f"{value} < {bounds[0]}", *middle, f"{value} >= {bounds[-1]}"]


# Places --------------------------------------------------------------------------------------


def _places(frame: Frame) -> Style:
    types = list(frame.care_types)
    now = _of_the_year(frame)
    rings = [_ring(types[: n + 1], _colour(n)) for n in reversed(range(len(types)))]
    disc = marker("circle", 1, PAPER, INK, 0.3, _circle('"places_existing"', '"places_existing"'))
    drawn = symbol("marker", "", *rings, disc)
    text = """"places" || if("places_new" > 0, ' (' || "places_new" || ' nye)', '')"""
    return Style(
        _rules("places", [("Nye plasser (skravert)", f'{now} AND "places" > 0', drawn)]),
        _labels(f'if({now} AND "places" > 0, {text}, NULL)', 8, BELOW, bold=True),
        diagrams=_pie(frame, now),
        years=True,
        fields=frame.fields["places"],
    )


def _ring(types: Sequence[str], colour: str) -> Element:
    """New places of the last of these types, around those of the others and what stands there."""
    new = [column(f"places_new_{each}") for each in types]
    around = total(['"places_existing"', *new])
    fill = symbol("fill", "", area(PAPER, INK, 0.2), hatching(colour, 0.8, 1.2))
    return filled_circle(fill, _circle(around, new[-1]))


def _circle(places: str, wanted: str) -> dict[str, str]:
    return {"size": f"{MM_PER_ROOT_PLACE} * sqrt({places})", "enabled": f"{wanted} > 0"}


def _colour(index: int) -> str:
    return TYPES[index % len(TYPES)]


def _pie(frame: Frame, now: str) -> list[Element]:
    """What stands today, by type."""
    size = f"{MM_PER_ROOT_PLACE * 10:g}"
    attributes = [
        element(
            "attribute",
            {
                "field": column(f"places_existing_{key}"),
                "color": _colour(n),
                "colorOpacity": 1,
                "label": f"{title}",
            },
        )
        for n, (key, title) in enumerate(frame.care_types.items())
    ]
    category: Attributes = {
        "enabled": 1,
        "penColor": INK,
        "penWidth": 0.2,
        "penAlpha": 255,
        "backgroundAlpha": 0,
        "opacity": 1,
        "scaleDependency": "Area",
        "sizeType": "MM",
        "rotationOffset": 270,
        "minimumSize": 0,
        "labelPlacementMethod": "XHeight",
        "direction": 1,
    }
    renderer: Attributes = {
        "diagramType": "Pie",
        "attributeLegend": 1,
        "classificationAttributeExpression": '"places_existing"',
        "lowerValue": 0,
        "lowerWidth": 0,
        "lowerHeight": 0,
        "upperValue": 100,
        "upperWidth": size,
        "upperHeight": size,
    }
    placed: Attributes = {
        "placement": 1,
        "showAll": 1,
        "obstacle": 0,
        "priority": 10,
        "zIndex": 0,
        "dist": 0,
    }
    font = element("fontProperties", {"description": f"{FONT},8,-1,5,50,0,0,0,0,0", "style": ""})
    return [
        element(
            "LinearlyInterpolatedDiagramRenderer",
            renderer,
            element("DiagramCategory", category, font, *attributes),
        ),
        element("DiagramLayerSettings", placed, by_expression("properties", {"show": now})),
    ]


# Who goes where ------------------------------------------------------------------------------


def _allocation(frame: Frame) -> Style:
    now = _of_the_year(frame)
    names, fits = _classes(PEOPLE, "personer"), _between('"places"', PEOPLE)
    rules = [
        (name, f"{now} AND {fit}", symbol("line", "", stroke("#3a3a3a", width), opacity=0.6))
        for name, fit, width in zip(names, fits, WIDTHS, strict=True)
    ]
    return Style(
        _rules("allocation", rules),
        years=True,
        geometry="Line",
        fields=frame.fields["allocation"],
    )


# Projects, sites, cores ----------------------------------------------------------------------


def _projects(frame: Frame) -> Style:
    told = {"char": 'to_string("opens")', "enabled": '"project" IS NOT NULL'}
    at, year = _above(0), {**told, **_above(5)}
    opened = symbol(
        "marker",
        "",
        marker("diamond", 3.6, OPENED, PAPER, 0.4, at),
        lettering(2.6, PAPER, 0.8, year),
        lettering(2.6, INK, 0, year),
    )
    left = symbol("marker", "", marker("diamond", 2.2, PAPER, GREY, 0.3, at))
    rules = _rules(
        "projects",
        [
            ("Åpnes, med året", '"opens" IS NOT NULL', opened),
            ("Åpnes ikke i planen", '"opens" IS NULL', left),
        ],
        {1: IDLE_FROM},
    )
    spread: Attributes = {
        "type": "pointDisplacement",
        "tolerance": 2,
        "toleranceUnit": "MM",
        "placement": 0,
        "circleWidth": 0,
        "circleColor": "255,255,255,0",
        "circleRadiusAddition": 5,
        "labelAttributeName": "",
        "forceraster": 0,
        "enableorderby": 0,
        "symbollevels": 0,
    }
    font = element(
        "labelFontProperties", {"description": f"{FONT},7,-1,5,50,0,0,0,0,0", "style": ""}
    )
    centre = symbol("marker", "centerSymbol", marker("circle", 0.1, None, GREY, 0))
    return Style(
        element("renderer-v2", spread, font, rules, centre),
        years=True,
        fields=frame.fields["projects"],
    )


def _above(right: float) -> dict[str, str]:
    """Out of the way of the places; in a legend, where there is no project, where it belongs."""
    return {"offset": f"""if("project" IS NULL, '0,0', '{right:g},-4.5')"""}


def _sites(frame: Frame) -> Style:
    listed = ", ".join(map(literal, KNOWN_PLACES))
    known = f'"location_quality" IN ({listed})'
    return Style(
        _rules(
            "sites",
            [
                (
                    "Stedet er kjent",
                    known,
                    symbol("marker", "", marker("circle", 1.6, INK, PAPER, 0.2)),
                ),
                (
                    "Stedet er anslått eller mangler kilde",
                    f"{known} IS NOT TRUE",
                    symbol("marker", "", marker("circle", 1.6, PAPER, INK, 0.4)),
                ),
            ],
        ),
        _labels('"title"', 8, BESIDE, bold=False, scale=NAMES_FROM),
        fields=frame.fields["sites"],
    )


def _cores(frame: Frame) -> Style:
    main = symbol("marker", "", marker("square", 4.4, INK, PAPER, 0.5))
    other = symbol("marker", "", marker("square", 2.8, PAPER, INK, 0.6))
    truth = 'if("main", 1, 0)'  # QGIS 3.22 finds none of a service's features by "main" itself
    rules = [
        ("Hovedsentrum", f"{truth} = 1", main),
        ("Bydelssenter", f"{truth} = 0", other),
    ]
    return Style(
        _rules("cores", rules),
        _labels('upper("title")', 8, BESIDE, bold=True),
        fields=frame.fields["cores"],
    )


_STYLES: Mapping[str, Callable[[Frame], Style]] = {
    "sites": _sites,
    "projects": _projects,
    "districts": _districts,
    "cores": _cores,
    "places": _places,
    "allocation": _allocation,
    "district_years": _district_years,
}
