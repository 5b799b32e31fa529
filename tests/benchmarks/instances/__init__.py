"""Scenario documents for the benchmarks, made from open data or drawn with a fixed seed.

`national` is every Norwegian municipality; `towns`, `county`, `modules` are made up; `variations`
are fifty changed Lillehammers. Same arguments, same document.
"""
