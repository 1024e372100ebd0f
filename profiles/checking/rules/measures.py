"""Invariants of measures, risks, sequences and coverage.  https://hl7.org/fhir/R4/resourcelist.html"""

from collections.abc import Callable, Mapping

from profiles.checking.rules.looking import (
    Json,
    Rule,
    both_or_neither,
    child,
    children,
    either,
    exactly_one,
    has,
    number,
    text,
)

UCUM = "http://unitsofmeasure.org"


def _components_instead_of(*names: str) -> Callable[[Json], bool]:
    return lambda value: any(has(value, name) for name in names) != has(value, "component")


_STRATIFIER = _components_instead_of("code", "description", "criteria")
_STRATUM = _components_instead_of("value")


def _stratifiers(value: Json) -> bool:
    return all(_STRATIFIER(s) for group in children(value, "group") for s in children(group, "stratifier"))


def _strata(value: Json) -> bool:
    groups = children(value, "group")
    return all(_STRATUM(s) for g in groups for r in children(g, "stratifier") for s in children(r, "stratum"))


def _at_most_certain(value: Json) -> bool:
    probability = number(value, "probabilityDecimal")
    return probability is None or probability <= 100


def _in_percent(value: Json) -> bool:
    bounds = [child(value, name) for name in ("low", "high") if name in value]
    return all(text(bound, "code") == "%" and text(bound, "system") == UCUM for bound in bounds)


def _one_reference(value: Json) -> bool:
    names = ("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString")
    return sum(has(value, name) for name in names) == 1


MEASURES: Mapping[str, Mapping[str, Rule]] = {
    # ces-1: category.exists() xor productOrService.exists()
    "CoverageEligibilityResponse.insurance.item": {"ces-1": exactly_one("category", "productOrService")},
    # imr-1: vaccineCode.exists() or targetDisease.exists()
    "ImmunizationRecommendation.recommendation": {"imr-1": either("vaccineCode", "targetDisease")},
    # mea-1: group.stratifier.all((code | description | criteria).exists() xor component.exists())
    "Measure": {"mea-1": _stratifiers},
    "MeasureReport": {
        # mrp-1: (type != 'data-collection') or group.exists().not()
        "mrp-1": lambda value: text(value, "type") != "data-collection" or not has(value, "group"),
        # mrp-2: group.stratifier.stratum.all(value.exists() xor component.exists())
        "mrp-2": _strata,
    },
    # msq-3: coordinateSystem = 1 or coordinateSystem = 0
    "MolecularSequence": {"msq-3": lambda value: value.get("coordinateSystem") in (0, 1)},
    # msq-5: (chromosome.empty() and genomeBuild.empty()) or (chromosome.exists() and genomeBuild.exists())
    # msq-6: (genomeBuild.count()+referenceSeqId.count()+ referenceSeqPointer.count()+ referenceSeqString.count()) = 1
    "MolecularSequence.referenceSeq": {"msq-5": both_or_neither("chromosome", "genomeBuild"), "msq-6": _one_reference},
    # nor-1: oralDiet.exists() or supplement.exists() or enteralFormula.exists()
    "NutritionOrder": {"nor-1": either("oralDiet", "supplement", "enteralFormula")},
    # ras-2: probability is decimal implies (probability as decimal) <= 100
    "RiskAssessment.prediction": {"ras-2": _at_most_certain},
    # ras-1: (low.empty() or ((low.code = '%') and (low.system = %ucum))) and (high.empty() or ((high.code = '%') and
    #   (high.system = %ucum)))
    "RiskAssessment.prediction.probability[x]": {"ras-1": _in_percent},
}
