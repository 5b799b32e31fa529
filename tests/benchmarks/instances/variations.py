"""Fifty variations of the bundled Lillehammer: targets, staff, money, policies and costs differ."""

from random import Random
from typing import Any

from geodata import bundled
from tests.siting import Document

COUNT = 50
OWNERS = ("municipal", "non_profit", "private", "public_private")
CORES = ("vingar", "jorstadmoen", "vingrom", "nordre-al", "royslimoen")


def lillehammer_variation(number: int) -> Document:
    """Variation `number`, 0 to 49, of the bundled Lillehammer 2026–2040."""
    document = bundled.load("lillehammer")
    del document["sources"]  # the figures are no longer theirs
    _Variation(document, Random(number)).vary()
    document["title"] = f"Lillehammer, variasjon {number}"
    return document


class _Variation:
    """A document on its way; `maybe` turns a rule on in a share of the variations."""

    def __init__(self, document: Document, rng: Random) -> None:
        self._document, self._rng = document, rng

    def vary(self) -> None:
        """Change the document in place."""
        document = self._document
        self._vary_costs()
        self._vary_need()
        self._vary_targets()
        self._vary_staff_and_money()
        document["policies"] = self._policies()
        document["objective"] = {
            "discount_rate": self._rng.choice([0, 0.02, 0.04, 0.05]),
            "unmet_place_year_nok": round(self._rng.uniform(1_400_000, 2_600_000), -3),
        }

    def _maybe(self, share: float) -> bool:
        return self._rng.random() < share

    def _times(self, amount: float, low: float, high: float) -> int:
        return round(amount * self._rng.uniform(low, high), -3)

    def _vary_costs(self) -> None:
        for name in ("hdo", "institution"):
            care_type = self._document["care_types"][name]
            care_type["operating_cost_nok"] = self._times(care_type["operating_cost_nok"], 0.9, 1.1)
        for project in self._document["projects"].values():
            for field in ("investment_nok", "investment_per_place_nok"):
                project[field] = self._times(project[field], 0.9, 1.4)
            fixed = project.get("operating_cost_nok") or 0
            project["operating_cost_nok"] = self._times(fixed, 0.8, 1.2)
            earliest = project["opens"]["earliest"]
            project["opens"] = {"earliest": max(earliest + self._rng.choice([-1, 0, 0, 1]), 2026)}

    def _vary_need(self) -> None:
        hdo = round(self._rng.uniform(0.15, 0.45), 2)
        self._document["need"]["ratio"] = round(self._rng.uniform(0.145, 0.175), 3)
        self._document["need"]["mix"] = {"hdo": hdo, "institution": round(1 - hdo, 2)}

    def _vary_targets(self) -> None:
        """A target that rises, and sometimes one for a core."""
        rng = self._rng
        start = round(rng.uniform(0.12, 0.135), 3)
        targets: Document = {
            "coverage": {
                "ratio": {"2031": start, "2035": round(start + rng.uniform(0, 0.02), 3)},
                "population": "80+",
            }
        }
        if self._maybe(0.3):
            ratio: Any = {rng.choice(CORES): {"2034": round(rng.uniform(0.02, 0.06), 3)}}
            targets["core_coverage"] = {"ratio": ratio, "population": "80+"}
        self._document["targets"] = targets

    def _vary_staff_and_money(self) -> None:
        rng = self._rng
        available = self._document["staffing"]["available_fte"]["all"]
        factor = rng.uniform(0.97, 1.15)
        self._document["staffing"] = {
            "available_fte": {"all": {t: round(factor * fte) for t, fte in available.items()}}
        }
        yearly = rng.randint(10, 20) * 10_000_000
        self._document["budget"] = {
            "investment_nok": rng.choice([yearly, {"2026": yearly, "2033": yearly // 2}]),
            "investment_total_nok": rng.randint(50, 90) * 10_000_000 if self._maybe(0.3) else None,
        }

    def _policies(self) -> Document:
        """Ownership, a project that must or must not open, how many, and in how many cores."""
        rng = self._rng
        owners = rng.choice([OWNERS[:1], OWNERS[:2], OWNERS[:2], OWNERS[:3], OWNERS])
        owned = [
            k
            for k, project in self._document["projects"].items()
            if project["ownership"] == "municipal" and not project.get("requires")
        ]
        required, *forbidden = rng.sample(owned, rng.randint(1, 4))
        return {
            "allowed_ownership": list(owners),
            "required_projects": [required] if self._maybe(0.4) else [],
            "forbidden_projects": forbidden,
            "max_projects": rng.randint(9, 14) if self._maybe(0.4) else None,
            "min_cores_with_places": rng.randint(3, 5) if self._maybe(0.4) else None,
            "keep_places": [p for p in ("care_home", "institution") if self._maybe(0.5)],
        }
