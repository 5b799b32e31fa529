"""The same documents as pages for people: plain HTML without scripts, usable by keyboard alone."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from fastapi.responses import HTMLResponse

from geodata.layers import Fields

_STYLE = """
body{font:1rem/1.5 system-ui,sans-serif;max-width:75rem;margin:0 auto;padding:1rem;color:#1a1a1a}
a{color:#00457c}nav{margin-bottom:1rem}
.table{overflow-x:auto}table{border-collapse:collapse}
th,td{border:1px solid #767676;padding:.2rem .5rem;text-align:left;vertical-align:top}
th{background:#eef2f6}td.number{text-align:right}
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; "
        "base-uri 'none'; form-action 'none'"
    )
}

Crumbs = Sequence[tuple[str, str]]
"""Addresses and titles of the pages above this one."""


def answer(title: str, crumbs: Crumbs, *parts: str) -> HTMLResponse:
    """A page; the parts are HTML."""
    above = " › ".join(f'<a href="{escape(href)}">{escape(name)}</a>' for href, name in crumbs)
    nav = f'<nav aria-label="Du er her">{above}</nav>' if crumbs else ""
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="nb"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} – flerkjerne</title><style>{_STYLE}</style></head>"
        f"<body>{nav}<main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>\n",
        headers=HEADERS,
    )


def paragraph(text: str) -> str:
    """Text as HTML."""
    return f"<p>{escape(text)}</p>"


def heading(text: str) -> str:
    """A heading within a page."""
    return f"<h2>{escape(text)}</h2>"


def links(items: Iterable[tuple[str, str]]) -> str:
    """A list of addresses and what they are called."""
    listed = "".join(f'<li><a href="{escape(h)}">{escape(name)}</a></li>' for h, name in items)
    return f"<ul>{listed}</ul>"


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are HTML."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="table" role="region" aria-label="{escape(caption)}" tabindex="0"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def features(
    features: Sequence[Mapping[str, Any]], fields: Fields, addresses: Sequence[str]
) -> str:
    """Features by their properties, each with a link to its own page."""
    heads = ["Objekt", *(field.title for field in fields.values())]
    rows = [
        [
            f'<th scope="row"><a href="{escape(address)}">{escape(str(feature["id"]))}</a></th>',
            *(_cell(feature["properties"][name]) for name in fields),
        ]
        for feature, address in zip(features, addresses, strict=True)
    ]
    return table("Objekter", heads, rows)


def feature(feature: Mapping[str, Any], fields: Fields) -> str:
    """One feature's properties, and where it is."""
    rows = [
        [f'<th scope="row">{escape(field.title)}</th>', _cell(feature["properties"][name])]
        for name, field in fields.items()
    ]
    place = json.dumps(feature["geometry"], ensure_ascii=False)
    return table("Egenskaper", ("Egenskap", "Verdi"), rows) + heading("Sted") + paragraph(place)


def _cell(value: Any) -> str:
    if value is None:
        return "<td></td>"
    if isinstance(value, bool):
        return f"<td>{'ja' if value else 'nei'}</td>"
    if isinstance(value, int | float):
        return f'<td class="number">{_number(value)}</td>'
    return f"<td>{escape(str(value))}</td>"


def _number(value: float) -> str:
    """As it is written in Norwegian; a whole number as it is."""
    return str(value) if isinstance(value, int) else f"{value:.2f}".replace(".", ",")
