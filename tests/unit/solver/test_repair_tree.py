"""The search for other ways out, with a search that knows all the answers."""

from itertools import combinations

from solver.analysis.repair import _Found, _Tree
from solver.domain.plan import Plan
from solver.domain.repair import Relaxation, Repair
from solver.domain.rules import RuleName

A, B, C, D = RuleName.STAFF, RuleName.COVERAGE, RuleName.OPERATING, RuleName.WITHIN
Rules = frozenset[RuleName]


class Known:
    """Each set of rules in `ways` is a repair at its price; `silent` sets get no answer."""

    def __init__(self, ways: dict[Rules, float], silent: Rules = frozenset()) -> None:
        self.ways, self.silent, self.over = ways, silent, False
        self.asked: list[Rules] = []

    def cheapest(self, barred: Rules, share: float) -> _Found:
        assert 0 < share < 1
        self.asked.append(barred)
        if self.silent and self.silent <= barred:
            return _Found(None, None, None)
        open_ways = [(price, rules) for rules, price in self.ways.items() if not rules & barred]
        if not open_ways:
            return _Found(None, None, True)
        price, rules = min(open_ways, key=lambda way: (way[0], sorted(way[1])))
        return _Found(repair(rules, price), price, False)

    def only(self, rules: Rules) -> _Found:
        return self.cheapest(frozenset(RuleName) - rules, 0.5)

    def expect(self, more: int) -> None:
        assert more > 0


def repair(rules: Rules, price: float) -> Repair:
    relaxed = tuple(Relaxation(rule, (), None, 1, price / len(rules)) for rule in sorted(rules))
    return Repair(relaxed, price, True, False, Plan({}, {}, {}, {}))


def grown(known: Known, alternatives: int) -> _Tree:
    first = known.cheapest(frozenset(), 0.5).repair
    assert first is not None
    tree = _Tree(known, first, alternatives)  # type: ignore[arg-type]
    tree.grow()
    return tree


def found(tree: _Tree) -> list[tuple[set[RuleName], bool]]:
    return [(set(one.rules), one.minimal) for one in tree.by_price()]


def ways(*sets: tuple[set[RuleName], float]) -> dict[Rules, float]:
    return {frozenset(rules): price for rules, price in sets}


def test_every_minimal_set_is_found() -> None:
    known = Known(ways(({A}, 1), ({B, C}, 2), ({B, D}, 3), ({C, D}, 4)))
    tree = grown(known, 10)
    assert found(tree) == [({A}, True), ({B, C}, True), ({B, D}, True), ({C, D}, True)]
    assert tree.complete


def test_no_more_than_asked_for() -> None:
    tree = grown(Known(ways(*(({one}, 1) for one in (A, B, C, D)))), 2)
    assert len(found(tree)) == 3
    assert tree.complete


def test_none_that_holds_another() -> None:
    """{A, B} costs less than {B}, but {B} is enough."""
    tree = grown(Known(ways(({A, B}, 1), ({B}, 5), ({C, D}, 2), ({B, C, D}, 1.5))), 10)
    assert found(tree) == [({A, B}, False), ({C, D}, True), ({B}, True)]


def test_what_got_no_answer_is_no_proof_that_there_is_none() -> None:
    tree = grown(Known(ways(({A}, 1), ({B}, 2)), silent=frozenset({A, B})), 10)
    assert ({A}, False) in found(tree)
    assert not tree.complete


def test_no_time_for_others() -> None:
    known = Known(ways(({A}, 1), ({B}, 2)))
    known.over = True
    tree = grown(known, 10)
    assert found(tree) == [({A}, False)]
    assert not tree.complete


def test_a_set_is_asked_for_once() -> None:
    known = Known(ways(*((set(pair), 1) for pair in combinations((A, B, C, D), 2))))
    tree = grown(known, 10)
    assert len(found(tree)) == 6
    # Cutting down bars all but a few rules, and may well ask again.
    searched = [barred for barred in known.asked if len(barred) <= len(RuleName) / 2]
    assert len(searched) == len(set(searched))
