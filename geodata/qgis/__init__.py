"""Styles and projects for QGIS, written without it: 3.22 and later read them."""
