"""The figures of docs/performance.md, by `make bench`; no test depends on a clock."""
