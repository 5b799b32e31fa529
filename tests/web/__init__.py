"""The map page as planners meet it: in a browser, by keyboard, read aloud, on paper."""
