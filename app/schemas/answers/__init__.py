"""The result documents of the analyses: one file per kind of run beside `solve`."""

from collections.abc import Mapping

from app.schemas.answers.alternatives import AlternativesAnswer
from app.schemas.answers.base import Answer
from app.schemas.answers.stress import StressAnswer
from app.schemas.parameters import RunKind

ANSWERS: Mapping[RunKind, type[Answer]] = {
    "alternatives": AlternativesAnswer,
    "stress": StressAnswer,
}
