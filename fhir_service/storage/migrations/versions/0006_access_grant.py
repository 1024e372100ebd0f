"""Who may see what of a person (decision 34): `access_grant`, kept with the resources that it follows from.

What is there already gets its labels and grants when the service starts the next time (`workflow.renewal`); until then
it is closed to callers who are narrowed. What is about nobody and is no public description of a service is closed to
them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = ("person_id", "who", "role", "opens", "apart", "starts")
OPEN = (
    "Organization", "OrganizationAffiliation", "HealthcareService", "Location", "Practitioner", "PractitionerRole",
    "Endpoint", "ActivityDefinition", "CapabilityStatement", "CodeSystem", "CompartmentDefinition", "ConceptMap",
    "GraphDefinition", "ImplementationGuide", "Library", "Measure", "Medication", "MedicationKnowledge",
    "MessageDefinition", "NamingSystem", "OperationDefinition", "PlanDefinition", "Questionnaire", "SearchParameter",
    "StructureDefinition", "StructureMap", "Substance", "TerminologyCapabilities", "ValueSet",
)  # fmt: skip
"""Types that describe services, or what words mean: open to everybody who may call."""
INDEXES = (
    "tok", "ref", "str", "dat", "qty", "cmp", "pos", "fulltext", "typed_audit_event", "typed_care_plan",
    "typed_care_team", "typed_communication", "typed_consent", "typed_encounter", "typed_flag", "typed_goal",
    "typed_patient", "typed_service_request", "typed_task",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "access_grant",
        *(sa.Column(name, TEXT, nullable=False) for name in KEY[:5]),
        *(sa.Column(name, INT, nullable=False) for name in ("starts", "ends")),
        sa.PrimaryKeyConstraint(*KEY, name="access_grant_pk"),
        sqlite_with_rowid=False,
    )
    types = ", ".join(f"'{rtype}'" for rtype in OPEN)
    nobodys = f"person_id IS NULL AND rtype NOT IN ({types})"
    for table in INDEXES:
        op.execute(
            f"UPDATE {table} SET sector = '|closed|' WHERE pk IN (SELECT pk FROM resource WHERE {nobodys})"  # noqa: S608
        )
    for table in ("resource", "history"):
        op.execute(f"UPDATE {table} SET sector = '|closed|' WHERE {nobodys}")  # noqa: S608


def downgrade() -> None:
    op.drop_table("access_grant")
