"""OGC API – Features: the layers of runs and scenarios, for map programs and for browsers."""
