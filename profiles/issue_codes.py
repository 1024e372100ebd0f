"""What each issue code becomes on each channel: FHIR IssueType and HTTP status, HL7 table 0357 and ACK code."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IssueCode:
    """How one code is told: `type` https://hl7.org/fhir/R4/valueset-issue-type.html, `http` status,
    `hl7_0357` the ERR-3 code, `ack` the MSA-1 code when it refuses a message (`AE` correct it, `AR` not served)."""

    type: str
    http: int
    hl7_0357: str = "207"
    ack: str = "AE"


ISSUE_CODES: dict[str, IssueCode] = {
    # reading: bytes that are not what they claim to be
    "malformed-json": IssueCode("structure", 400),
    "too-large": IssueCode("too-long", 413, "100", "AR"),
    "head-too-large": IssueCode("too-long", 431),
    "address-too-long": IssueCode("too-long", 414),
    "too-deep": IssueCode("structure", 400),
    "unsupported-media-type": IssueCode("not-supported", 415),
    "not-acceptable": IssueCode("not-supported", 406),
    "request-timeout": IssueCode("timeout", 408),
    "too-slow": IssueCode("too-costly", 503),
    "method-not-allowed": IssueCode("not-supported", 405),
    "not-found": IssueCode("not-found", 404, "204"),
    "deleted": IssueCode("deleted", 410),
    "bad-request": IssueCode("invalid", 400),
    "internal": IssueCode("exception", 500, "207", "AR"),
    "temporary": IssueCode("transient", 503, "207", "AR"),
    "unknown-outcome": IssueCode("timeout", 504, "207", "AR"),
    "done": IssueCode("informational", 200, "0"),
    # checking a resource: https://hl7.org/fhir/R4/validation.html
    "structure": IssueCode("structure", 400, "102"),
    "required": IssueCode("required", 400, "101"),
    "value": IssueCode("value", 400, "102"),
    "code-invalid": IssueCode("code-invalid", 400, "103"),
    "invariant": IssueCode("invariant", 400, "102"),
    "reference-target": IssueCode("invalid", 400, "102"),
    "profile-unusable": IssueCode("not-supported", 422, "102"),
    "profile-unknown": IssueCode("not-found", 404, "102"),
    "profile-partly": IssueCode("informational", 400, "102"),
    "profile-required": IssueCode("required", 422, "101"),
    "profile-broken": IssueCode("invalid", 422, "102"),
    "defined-here": IssueCode("business-rule", 409),
    "id-mismatch": IssueCode("invalid", 400),
    # search and conditional interactions
    "unknown-parameter": IssueCode("not-supported", 400),
    "unknown-modifier": IssueCode("not-supported", 400),
    "bad-parameter-value": IssueCode("value", 400),
    "bad-page-token": IssueCode("value", 400),
    "multiple-matches": IssueCode("multiple-matches", 412),
    # terminology and operations
    "unknown-terminology": IssueCode("not-found", 404),
    "not-expandable": IssueCode("not-supported", 422),
    "too-costly": IssueCode("too-costly", 422),
    "too-many-values": IssueCode("too-costly", 422),
    "throttled": IssueCode("throttled", 429),
    "id-taken": IssueCode("conflict", 409),
    "entry-twice": IssueCode("duplicate", 400),
    "not-in-transaction": IssueCode("not-supported", 422),
    # references to resources of this server
    "dangling-reference": IssueCode("not-found", 422),
    "referred-to": IssueCode("conflict", 409),
    # versions
    "bad-if-match": IssueCode("value", 400),
    "stale-version": IssueCode("conflict", 412),
    "version-required": IssueCode("required", 428),
    "bad-patch": IssueCode("processing", 422),
    # the individual plan (workflow.md 8)
    "duplicate-plan": IssueCode("conflict", 409, "205"),
    "second-coordinator": IssueCode("conflict", 409, "205"),
    "illegal-transition": IssueCode("business-rule", 422, "102"),
    "incomplete-plan": IssueCode("business-rule", 422, "101"),
    "rule": IssueCode("business-rule", 422, "102"),
    "no-consent": IssueCode("forbidden", 403),
    "forbidden": IssueCode("forbidden", 403, "204"),
    "identity-ambiguous": IssueCode("conflict", 409, "204"),
    "not-deletable": IssueCode("business-rule", 409),
    "not-routed": IssueCode("business-rule", 422, "204"),
    "message-id-reused": IssueCode("duplicate", 409, "205"),
    "idempotency-key-reused": IssueCode("duplicate", 422, "205"),
    # HL7 v2 (hl7v2-mapping.md 12)
    "unreadable": IssueCode("structure", 400, "100", "AR"),
    "segment-missing": IssueCode("required", 400, "100"),
    "duplicate-segment": IssueCode("structure", 400, "100"),
    "same-patient": IssueCode("duplicate", 400, "205"),
    "field-required": IssueCode("required", 400, "101"),
    "control-id-missing": IssueCode("required", 400, "101", "AR"),
    "unsupported-message-type": IssueCode("not-supported", 400, "200", "AR"),
    "unsupported-event": IssueCode("not-supported", 400, "201", "AR"),
    "unsupported-processing-id": IssueCode("not-supported", 400, "202", "AR"),
    "undecodable": IssueCode("structure", 400, "102"),
    "bad-check-digit": IssueCode("value", 400, "102"),
    "test-person": IssueCode("value", 400, "102"),
    "bad-date": IssueCode("value", 400, "102"),
    "bad-number": IssueCode("value", 400, "102"),
    "unknown-code": IssueCode("code-invalid", 400, "103"),
    "unmapped": IssueCode("informational", 400, "0"),
    "charset-guessed": IssueCode("informational", 400, "102"),
    "charset-mismatch": IssueCode("informational", 400, "102"),
    "lower-case-segment": IssueCode("informational", 400, "100"),
    "doubled-backslash": IssueCode("informational", 400, "100"),
    "kept-escape": IssueCode("informational", 400, "102"),
    "precision-padded": IssueCode("informational", 400, "102"),
    "ambiguous-local-time": IssueCode("informational", 400, "102"),
    "nonexistent-local-time": IssueCode("informational", 400, "102"),
    "period-reversed": IssueCode("value", 400, "102"),
    "identifier-type-guessed": IssueCode("informational", 400, "102"),
    "birthdate-mismatch": IssueCode("value", 400, "102"),
    "event-mismatch": IssueCode("value", 400, "102"),
    "defaulted": IssueCode("informational", 400, "101"),
    "late-event": IssueCode("informational", 400, "0"),
    "nothing-to-cancel": IssueCode("not-found", 400, "204"),
    "not-representable": IssueCode("value", 400, "102"),
    "quarantined": IssueCode("exception", 500, "207"),
    "manual-review": IssueCode("informational", 400, "0"),
}
"""Every code that an `Issue` may carry. `tests/structure` finds each code used in the source in this table."""
