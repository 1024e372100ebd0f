Invariant: ip-task-1
Description: "A case that is rejected, on hold, failed or cancelled says why"
Severity: #error
Expression: "(status = 'rejected' or status = 'on-hold' or status = 'failed' or status = 'cancelled') implies statusReason.exists()"

Invariant: ip-task-2
Description: "The businessStatus is one of those that go with the status (value sets ke-business-status-[status])"
Severity: #error
Expression: "(status = 'requested' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'new')).exists()) and (status = 'received' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'registered')).exists()) and (status = 'accepted' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'awaiting-consent' or code = 'awaiting-information' or code = 'under-assessment')).exists()) and (status = 'in-progress' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'under-assessment' or code = 'clarification-meeting' or code = 'decided' or code = 'declined-by-person' or code = 'coordinator-search' or code = 'coordinator-appointed')).exists()) and (status = 'on-hold' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'awaiting-consent' or code = 'awaiting-information' or code = 'person-unreachable')).exists()) and (status = 'rejected' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'duplicate' or code = 'forwarded' or code = 'not-applicable')).exists()) and (status = 'completed' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'closed' or code = 'withdrawn')).exists()) and (status = 'cancelled' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'withdrawn' or code = 'person-deceased' or code = 'moved-abroad')).exists()) and (status = 'failed' implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/ke-business-status' and (code = 'person-deceased' or code = 'moved-abroad')).exists())"

Profile: KeCaseTask
Parent: Task
Id: ke-case-task
Title: "Sak hos koordinerende enhet"
Description: "The case that a need notification opens: its clock, its decision, its end (workflow.md 4.2, 4.4, 5)."
* obeys ip-task-1 and ip-task-2
* identifier MS
* groupIdentifier 1..1 MS
* groupIdentifier ^short = "The case number"
* status MS
* businessStatus 1..1 MS
* businessStatus from https://knutepunkt.no/fhir/ValueSet/ke-business-status (required)
* statusReason MS
* intent MS
* intent = #order
* code 1..1 MS
* code = $task-code#assess-need
* priority MS
* focus 1..1 MS
* focus only Reference(NeedNotification)
* for 1..1 MS
* for only Reference($no-basis-Patient)
* encounter MS
* authoredOn 1..1 MS
* authoredOn ^short = "When the service received the need"
* lastModified 1..1 MS
* lastModified ^short = "Set by the service"
* requester 1..1 MS
* owner 1..1 MS
* owner only Reference($no-basis-Organization)
* restriction 1..1 MS
* restriction.period 1..1 MS
* restriction.period.end 1..1 MS
* input MS
* input.type from https://knutepunkt.no/fhir/ValueSet/task-input (required)
* output MS
* output ^slicing.discriminator.type = #pattern
* output ^slicing.discriminator.path = "type"
* output ^slicing.rules = #open
* output contains
    coordinator 0..1 MS and
    plan 0..1 MS and
    childCoordinator 0..1 MS and
    date 0..1 MS and
    reason 0..* MS and
    letter 0..1 MS and
    maker 0..1 MS and
    right 0..1 MS
* output[coordinator].type = $decision-output#decision-coordinator
* output[coordinator].value[x] only CodeableConcept
* output[coordinator].valueCodeableConcept from https://knutepunkt.no/fhir/ValueSet/decision (required)
* output[plan].type = $decision-output#decision-plan
* output[plan].value[x] only CodeableConcept
* output[plan].valueCodeableConcept from https://knutepunkt.no/fhir/ValueSet/decision (required)
* output[childCoordinator].type = $decision-output#decision-child-coordinator
* output[childCoordinator].value[x] only CodeableConcept
* output[childCoordinator].valueCodeableConcept from https://knutepunkt.no/fhir/ValueSet/decision (required)
* output[date].type = $decision-output#decision-date
* output[date].value[x] only dateTime
* output[reason].type = $decision-output#decision-reason
* output[reason].value[x] only CodeableConcept or string
* output[letter].type = $decision-output#decision-letter
* output[letter].value[x] only Reference($no-basis-DocumentReference)
* output[maker].type = $decision-output#decision-maker
* output[maker].value[x] only Reference($no-basis-PractitionerRole)
* output[right].type = $decision-output#chosen-right
* output[right].value[x] only CodeableConcept
* output[right].valueCodeableConcept from ChosenRight (required)

ValueSet: ChosenRight
Id: chosen-right
Title: "The right that a family chose"
Description: "Of coordinator and child coordinator, where both are granted; the codes are those of a decision or of a role (workflow.md 4.4)."
* ^experimental = false
* https://knutepunkt.no/fhir/CodeSystem/decision#coordinator
* https://knutepunkt.no/fhir/CodeSystem/decision#child-coordinator
* $team-role#coordinator
* $team-role#child-coordinator

ValueSet: KeBusinessStatusRequested
Id: ke-business-status-requested
Title: "businessStatus of a case that is requested"
Description: "The codes that go with Task.status requested (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#new

ValueSet: KeBusinessStatusReceived
Id: ke-business-status-received
Title: "businessStatus of a case that is received"
Description: "The codes that go with Task.status received (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#registered

ValueSet: KeBusinessStatusAccepted
Id: ke-business-status-accepted
Title: "businessStatus of a case that is accepted"
Description: "The codes that go with Task.status accepted (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#awaiting-consent
* $ke-business-status#awaiting-information
* $ke-business-status#under-assessment

ValueSet: KeBusinessStatusInProgress
Id: ke-business-status-in-progress
Title: "businessStatus of a case that is in-progress"
Description: "The codes that go with Task.status in-progress (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#under-assessment
* $ke-business-status#clarification-meeting
* $ke-business-status#decided
* $ke-business-status#declined-by-person
* $ke-business-status#coordinator-search
* $ke-business-status#coordinator-appointed

ValueSet: KeBusinessStatusOnHold
Id: ke-business-status-on-hold
Title: "businessStatus of a case that is on-hold"
Description: "The codes that go with Task.status on-hold (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#awaiting-consent
* $ke-business-status#awaiting-information
* $ke-business-status#person-unreachable

ValueSet: KeBusinessStatusRejected
Id: ke-business-status-rejected
Title: "businessStatus of a case that is rejected"
Description: "The codes that go with Task.status rejected (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#duplicate
* $ke-business-status#forwarded
* $ke-business-status#not-applicable

ValueSet: KeBusinessStatusCompleted
Id: ke-business-status-completed
Title: "businessStatus of a case that is completed"
Description: "The codes that go with Task.status completed (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#closed
* $ke-business-status#withdrawn

ValueSet: KeBusinessStatusCancelled
Id: ke-business-status-cancelled
Title: "businessStatus of a case that is cancelled"
Description: "The codes that go with Task.status cancelled (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#withdrawn
* $ke-business-status#person-deceased
* $ke-business-status#moved-abroad

ValueSet: KeBusinessStatusFailed
Id: ke-business-status-failed
Title: "businessStatus of a case that is failed"
Description: "The codes that go with Task.status failed (workflow.md 4.2)."
* ^experimental = false
* $ke-business-status#person-deceased
* $ke-business-status#moved-abroad
