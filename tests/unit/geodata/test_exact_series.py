from fractions import Fraction

import pytest

from geodata.series import exact, linear, step

YEARS = range(2025, 2032)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (0.16, Fraction(4, 25)),
        (0.1, Fraction(1, 10)),
        (3, Fraction(3)),
        (1e-7, Fraction(1, 10**7)),
        (1e22, Fraction(10**22)),
        (2065.0, Fraction(2065)),
    ],
)
def test_exact_is_the_decimal_value(number, value):
    assert exact(number) == value


def test_step_holds_until_the_next_and_is_nothing_before_the_first():
    series = {"2030": 0.16, "2026": 0.1}
    assert step(series, YEARS) == (None, *[Fraction(1, 10)] * 4, *[Fraction(4, 25)] * 2)


def test_step_of_a_number_holds_always_and_of_nothing_never():
    assert step(0, [2026, 2027]) == (Fraction(0), Fraction(0))
    assert step(None, [2026, 2027]) == (None, None)


def test_linear_interpolates_exactly_and_is_constant_outside():
    series = {"2029": 0.2, "2026": 0.1}
    assert linear(series, YEARS) == (
        Fraction(1, 10),
        Fraction(1, 10),
        Fraction(2, 15),
        Fraction(1, 6),
        Fraction(1, 5),
        Fraction(1, 5),
        Fraction(1, 5),
    )


def test_linear_uses_the_two_nearest_knots():
    assert linear({"2026": 0, "2028": 10, "2032": 2}, [2027, 2028, 2029, 2031]) == (5, 10, 8, 4)


def test_linear_of_a_number_is_constant_and_of_nothing_zero():
    assert linear(1.5, [2026, 2030]) == (Fraction(3, 2), Fraction(3, 2))
    assert linear(None, [2026, 2030]) == (Fraction(0), Fraction(0))
