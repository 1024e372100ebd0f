"""What refers to what: the order in which types go, so that most references lead to what is there already."""

RANKS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "CodeSystem NamingSystem ValueSet ConceptMap StructureDefinition SearchParameter OperationDefinition "
        "CapabilityStatement ImplementationGuide Questionnaire ActivityDefinition PlanDefinition Measure Binary",
        "Organization Practitioner",
        "Endpoint Location OrganizationAffiliation",
        "HealthcareService PractitionerRole",
        "Patient",
        "RelatedPerson Person Device Group Account Schedule Subscription",
        "EpisodeOfCare Slot Consent",
        "Encounter",
        "Condition AllergyIntolerance Goal RiskAssessment ServiceRequest CommunicationRequest",
        "",
        "CareTeam",
        "CarePlan",
        "Task",
        "Communication",
        "Provenance AuditEvent List Composition MeasureReport",
        "Bundle",
    )
)
"""A type that is not named goes in the place that names none."""
_UNNAMED = RANKS.index(frozenset())
_RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
LAST = len(RANKS) - 1


def rank(rtype: str) -> int:
    """The place of a type; smaller goes first."""
    return _RANK.get(rtype, _UNNAMED)
