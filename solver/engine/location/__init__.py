"""Facility location in one year, at its own speed: p-median, covering, fixed charges, capacities.

`problem` recognises the structure; `lagrangian` gives a bound by prices and closes
or opens sites that no better plan can have otherwise; `interchange` finds good plans; what is left
goes exactly to HiGHS, as the radius formulation (`radius`) or with capacities (`capacitated`);
`search` leads from one to the next.
"""
