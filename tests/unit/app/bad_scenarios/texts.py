"""Texts that are no document, or hold what JSON or a database cannot.

Rows: (name, text, expected pointer, expected code).
"""

import json

from .toy import TOY, put

_GOOD = json.dumps(TOY, ensure_ascii=False)


def _with_title(text: str) -> bytes:
    """The toy with raw JSON text for its title."""
    return _GOOD.replace('"Lekeby"', text, 1).encode("utf-8", "surrogatepass")


def _with_field(text: str) -> bytes:
    """The toy with a raw member put before the others."""
    return _GOOD.replace("{", "{" + text + ",", 1).encode()


def _many(count: int, member: str) -> bytes:
    """Districts without end."""
    districts = ",".join(f'"{number}":{member}' for number in range(count))
    return _GOOD.replace('"districts": {', f'"districts": {{{districts},', 1).encode()


def _vertices(districts: int, vertices: int) -> bytes:
    ring = [[10.3, 61.0]] * vertices
    outline = {"geometry": {"type": "Polygon", "coordinates": [ring]}}
    return _many(districts, json.dumps(outline, separators=(",", ":")))


TEXTS: tuple[tuple[str, bytes, str, str], ...] = (
    # No document at all
    ("empty", b"", "", "empty_document"),
    ("white-space", b" \r\n\t", "", "empty_document"),
    ("only-a-byte-order-mark", b"\xef\xbb\xbf", "", "empty_document"),
    ("array", b"[]", "", "wrong_type"),
    ("scalar", b"42", "", "wrong_type"),
    ("text", b'"scenario"', "", "wrong_type"),
    ("null", b"null", "", "wrong_type"),
    ("no-json", b"title = Lekeby", "", "bad_json"),
    ("xml", b"<scenario/>", "", "bad_json"),
    ("truncated", _GOOD.encode()[:-200], "", "bad_json"),
    ("truncated-in-character", _GOOD[: _GOOD.index("ø") + 1].encode()[:-1], "", "not_utf8"),
    ("two-documents", (_GOOD + _GOOD).encode(), "", "bad_json"),
    ("trailing-comma", _GOOD.encode()[:-1] + b",}", "", "bad_json"),
    ("single-quotes", b"{'schema_version': 1}", "", "bad_json"),
    ("comment", _GOOD.encode()[:-1] + b"// slutt\n}", "", "bad_json"),
    ("unquoted-name", b"{schema_version: 1}", "", "bad_json"),
    ("number-with-leading-zero", _with_field('"price_year": 02026'), "", "bad_json"),
    ("number-with-comma", _with_field('"price_year": 2026,5'), "", "bad_json"),
    ("hexadecimal", _with_field('"price_year": 0x7EA'), "", "bad_json"),
    ("line-break-in-text", _with_title('"Leke\nby"'), "", "bad_json"),
    ("bad-escape", _with_title(r'"Leke\by\x"'), "", "bad_json"),
    ("python-true", _with_title("True"), "", "bad_json"),
    # Encodings
    ("utf-16", _GOOD.encode("utf-16"), "", "not_utf8"),
    ("utf-16-without-mark", _GOOD.encode("utf-16-le"), "", "not_utf8"),
    ("utf-32", _GOOD.encode("utf-32"), "", "not_utf8"),
    ("latin-1", _GOOD.encode("latin-1"), "", "not_utf8"),
    ("mark-then-garbage", b"\xef\xbb\xbf\x80\x81\x82", "", "not_utf8"),
    ("surrogates-in-utf-8", b'{"title": "\xed\xa0\x80"}', "", "not_utf8"),
    ("overlong-utf-8", b'{"title": "\xc0\xaf"}', "", "not_utf8"),
    ("zip-file", b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "", "bad_json"),
    # Numbers
    ("nan", _with_title("NaN"), "/title", "not_a_number"),
    ("infinity", _with_title("Infinity"), "/title", "not_a_number"),
    ("minus-infinity", _with_title("[-Infinity]"), "/title/0", "not_a_number"),
    ("overflow-1e400", _with_title("1e400"), "/title", "number_too_large"),
    ("overflow-minus-1e400", _with_title("-1e400"), "/title", "number_too_large"),
    ("integer-above-2-to-53", _with_title("9007199254740993"), "/title", "number_too_large"),
    ("integer-of-5000-digits", _with_title("1" + "0" * 4999), "/title", "number_too_large"),
    ("integer-of-a-million-digits", _with_title("9" * 10**6), "/title", "number_too_large"),
    # Characters
    ("lone-surrogate", _with_title(r'"\ud800"'), "/title", "lone_surrogate"),
    ("low-surrogate-first", _with_title(r'"\udc00\ud800"'), "/title", "lone_surrogate"),
    ("surrogate-in-name", _with_field(r'"a\udfff": 1'), r"/a\udfff", "lone_surrogate"),
    ("nul-in-text", _with_title(r'"Leke\u0000by"'), "/title", "nul_character"),
    ("nul-in-name", _with_field(r'"\u0000": 1'), r"/\u0000", "nul_character"),
    # Names that stand twice
    ("title-twice", _with_field('"title": "En annen"'), "/title", "duplicate_key"),
    (
        "site-twice",
        _GOOD.replace('"tomt":', '"helsehus":', 1).encode(),
        "/sites/helsehus",
        "duplicate_key",
    ),
    (
        "twice-by-escape",
        _with_field(r'"titl\u0065": "En annen"'),
        "/title",
        "duplicate_key",
    ),
    # Depth and size
    ("depth-65", b"[" * 65 + b"]" * 65, "", "too_deep"),
    ("depth-2000", _with_title("[" * 2_000 + "]" * 2_000), "", "too_deep"),
    ("depth-2000-objects", _with_title('{"a":' * 2_000 + "1" + "}" * 2_000), "", "too_deep"),
    ("depth-400000", b"[" * 400_000 + b"]" * 400_000, "", "too_deep"),
    ("depth-400000-unclosed", b'{"a":[' * 200_000, "", "too_deep"),
    ("title-50-deep", json.dumps(put("/title", [[[[[]]]]])).encode(), "/title", "wrong_type"),
    (
        "name-5-MB",
        _with_field('"' + "n" * 5_000_000 + '": 1'),
        "/" + "n" * 199 + "…",
        "unknown_field",
    ),
    ("20-MB-of-spaces", b" " * 20_000_001, "", "document_too_large"),
    ("million-unknown-fields", _many(1_000_000, "0"), "", "too_many_fields"),
    (
        "million-unknown-fields-four-levels-down",
        _with_field('"x": {"y": {"z": {' + ",".join(f'"f{n}":0' for n in range(1_000_000)) + "}}}"),
        "",
        "too_many_fields",
    ),
    (
        "20-MB-of-objects",
        _with_title("[" + ",".join(6_000_000 * ["{}"]) + "]"),
        "",
        "too_many_values",
    ),
    (
        "490000-unknown-fields",
        _many(490_000, "0").replace(
            b'"sites": {', b'"extra": [' + 600_000 * b"0," + b'0], "sites": {'
        ),
        "/extra",
        "scenario_too_large",
    ),
    ("510000-vertices", _vertices(15, 34_000), "/districts", "geometry_too_large"),
    (
        "120-million-pairs",
        _many(20_000, "{}").replace(
            b'"sites": {', b'"sites": {' + b",".join(b'"%d":{}' % n for n in range(6_001)) + b","
        ),
        "/sites",
        "scenario_too_large",
    ),
    (
        "million-figures-of-need",
        _many(8_400, "{}").replace(b'"first": 2026', b'"first": 1971'),
        "/districts",
        "scenario_too_large",
    ),
)
