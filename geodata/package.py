"""What makes a GeoPackage of the layers speak for itself: styles, names, sources, metadata."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from geodata.frame import Frame, frame
from geodata.layers import MAP_LAYERS, TITLES
from geodata.qgis.elements import document, element
from geodata.qgis.styles import qml

SOURCES = "sources"
SOURCE_COLUMNS = ("pointer", "status", "note", "year", "publisher", "licence", "url")
"""Of the table of sources: the place in the scenario document, and what is said of it."""

_TABLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
    f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
CREATE TABLE sources (
    fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    pointer TEXT NOT NULL, status TEXT, note TEXT, year INTEGER, publisher TEXT, licence TEXT,
    url TEXT
);
CREATE TABLE IF NOT EXISTS gpkg_extensions (
    table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL,
    scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);
CREATE TABLE IF NOT EXISTS gpkg_data_columns (
    table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT,
    mime_type TEXT, constraint_name TEXT,
    CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name)
);
CREATE TABLE IF NOT EXISTS gpkg_metadata (
    id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL, md_scope TEXT NOT NULL DEFAULT 'dataset',
    md_standard_uri TEXT NOT NULL, mime_type TEXT NOT NULL DEFAULT 'text/xml',
    metadata TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS gpkg_metadata_reference (
    reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT, row_id_value INTEGER,
    timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
    CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
    CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id)
);
"""
"""After OGC 12-128 (GeoPackage 1.3), annexes F.8 and F.9; `layer_styles` after QGIS."""

_EXTENSIONS = (
    (
        "gpkg_data_columns",
        None,
        "gpkg_schema",
        "http://www.geopackage.org/spec130/#extension_schema",
    ),
    (
        "gpkg_metadata",
        None,
        "gpkg_metadata",
        "http://www.geopackage.org/spec130/#extension_metadata",
    ),
    (
        "gpkg_metadata_reference",
        None,
        "gpkg_metadata",
        "http://www.geopackage.org/spec130/#extension_metadata",
    ),
)


def complete(path: Path, scenario: Mapping[str, Any], plan: Mapping[str, Any] | None) -> None:
    """Add to a GeoPackage of `MAP_LAYERS` what map programs show beside them.

    Default styles, Norwegian names of columns, metadata, and the table `sources`.
    """
    shown = frame(scenario)
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(_TABLES)
        database.executemany(
            "INSERT OR IGNORE INTO gpkg_extensions VALUES (?, ?, ?, ?, 'read-write')", _EXTENSIONS
        )
        database.executemany(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, ?, ?)",
            [
                ("layer_styles", "attributes", "layer_styles"),
                (SOURCES, "attributes", "Kilder til tallene i scenarioet"),
            ],
        )
        _add_styles(database, shown)
        _add_names(database, shown)
        _add_sources(database, shown)
        _add_metadata(database, shown, plan or {})


def distinct(names: Iterable[str]) -> list[str]:
    """SQLite tells column names apart without regard to case; care types are told apart with."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        seen[name.lower()] += 1
        count = seen[name.lower()]
        distinct.append(name if count == 1 else f"{name}_{count}")
    return distinct


def _add_styles(database: sqlite3.Connection, shown: Frame) -> None:
    database.executemany(
        "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name,"
        " f_geometry_column, styleName, styleQML, styleSLD, useAsDefault, description, owner)"
        " VALUES ('', '', ?, 'geom', 'flerkjerne', ?, '', 1, ?, '')",
        [(name, qml(name, shown), TITLES[name]) for name in MAP_LAYERS],
    )


def _add_names(database: sqlite3.Connection, shown: Frame) -> None:
    """What planners call the columns; `name` must be unique within a table, `title` need not."""
    database.executemany(
        "INSERT INTO gpkg_data_columns (table_name, column_name, title) VALUES (?, ?, ?)",
        [
            (layer, column, field.title)
            for layer in MAP_LAYERS
            for column, field in zip(
                distinct(shown.fields[layer]), shown.fields[layer].values(), strict=True
            )
        ],
    )


def _add_sources(database: sqlite3.Connection, shown: Frame) -> None:
    marks = ", ".join("?" * len(SOURCE_COLUMNS))
    database.executemany(
        f"INSERT INTO {SOURCES} ({', '.join(SOURCE_COLUMNS)}) VALUES ({marks})",
        [
            (pointer, *(source.get(column) for column in SOURCE_COLUMNS[1:]))
            for pointer, source in sorted(shown.sources.items())
        ],
    )


def _add_metadata(database: sqlite3.Connection, shown: Frame, plan: Mapping[str, Any]) -> None:
    """As QGIS writes it, of the package and of each table."""
    told = document(
        element(
            "qgis",
            {},
            element("identifier", {}, "flerkjerne"),
            element("language", {}, "nob"),
            element("type", {}, "dataset"),
            element("title", {}, shown.title),
            element("abstract", {}, _abstract(shown, plan)),
            *(element("rights", {}, text) for text in shown.credits),
        )
    )
    added = database.execute(
        "INSERT INTO gpkg_metadata (md_scope, md_standard_uri, mime_type, metadata)"
        " VALUES ('dataset', 'http://mrcc.com/qgis.dtd', 'text/xml', ?)",
        (told,),
    )
    references = [("geopackage", None), *(("table", name) for name in MAP_LAYERS)]
    database.executemany(
        "INSERT INTO gpkg_metadata_reference (reference_scope, table_name, md_file_id)"
        " VALUES (?, ?, ?)",
        [(scope, name, added.lastrowid) for scope, name in references],
    )


def _abstract(shown: Frame, plan: Mapping[str, Any]) -> str:
    what = f"Omsorgsplasser {shown.first_year}–{shown.last_year}."
    made = plan.get("provenance")
    if not made:
        return f"{what} Scenarioet uten plan."
    return (
        f"{what} Plan ({plan['outcome']}) fra flerkjerne {made['software_version']} for scenarioet "
        f"med sjekksum {made['scenario_hash']}. Kildene til tallene står i tabellen «{SOURCES}»."
    )
