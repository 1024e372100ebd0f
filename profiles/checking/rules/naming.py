"""The name of a conformance resource should be usable in a program.  https://hl7.org/fhir/R4/metadataresource.html"""

import re
from collections.abc import Mapping

from profiles.checking.rules.looking import Json, Rule, text

NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,254}")


def _usable(value: Json) -> bool:
    # name.matches('[A-Z]([A-Za-z0-9_]){0,254}') is the rule of them all; without a name it is empty: no bad name
    return not text(value, "name") or NAME.fullmatch(text(value, "name")) is not None


NAMING: Mapping[str, Mapping[str, Rule]] = {
    "ActivityDefinition": {"adf-0": _usable},
    "CapabilityStatement": {"cpb-0": _usable},
    "CodeSystem": {"csd-0": _usable},
    "CompartmentDefinition": {"cpd-0": _usable},
    "ConceptMap": {"cmd-0": _usable},
    "EffectEvidenceSynthesis": {"ees-0": _usable},
    "EventDefinition": {"evd-0": _usable},
    "Evidence": {"evi-0": _usable},
    "EvidenceVariable": {"evv-0": _usable},
    "ExampleScenario": {"esc-0": _usable},
    "GraphDefinition": {"gdf-0": _usable},
    "ImplementationGuide": {"ig-0": _usable},
    "Library": {"lib-0": _usable},
    "Measure": {"mea-0": _usable},
    "MessageDefinition": {"msd-0": _usable},
    "NamingSystem": {"nsd-0": _usable},
    "OperationDefinition": {"opd-0": _usable},
    "PlanDefinition": {"pdf-0": _usable},
    "Questionnaire": {"que-0": _usable},
    "ResearchDefinition": {"rsd-0": _usable},
    "ResearchElementDefinition": {"red-0": _usable},
    "RiskEvidenceSynthesis": {"rvs-0": _usable},
    "SearchParameter": {"spd-0": _usable},
    "StructureDefinition": {"sdf-0": _usable},
    "StructureMap": {"smp-0": _usable},
    "TerminologyCapabilities": {"tcp-0": _usable},
    "TestScript": {"tst-0": _usable},
    "ValueSet": {"vsd-0": _usable},
}
