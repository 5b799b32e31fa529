"""The result documents of the analyses: one file per kind of run beside `solve`."""

from collections.abc import Mapping

from app.schemas.answers.alternatives import AlternativesAnswer
from app.schemas.answers.base import Answer
from app.schemas.answers.pareto import Front
from app.schemas.answers.price import PriceAnswer
from app.schemas.answers.repair import RepairAnswer
from app.schemas.answers.stress import StressAnswer
from app.schemas.answers.why_not import WhyNotAnswer
from app.schemas.parameters import RunKind

ANSWERS: Mapping[RunKind, type[Answer]] = {
    "repair": RepairAnswer,
    "price": PriceAnswer,
    "why_not": WhyNotAnswer,
    "alternatives": AlternativesAnswer,
    "pareto": Front,
    "stress": StressAnswer,
}
