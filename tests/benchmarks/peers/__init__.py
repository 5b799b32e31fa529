"""Others' ways to solve a facility-location problem; each imports its library when it is run."""
