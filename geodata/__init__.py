"""Coordinates, travel, need, map layers, and the bundled Lillehammer data."""
