Invariant: ip-child-1
Description: "A child Task is part of a case or based on a plan; handover-plan, discharge-ready, person-discharged and manual-review may stand alone"
Severity: #error
Expression: "partOf.exists() or basedOn.exists() or code.coding.where(system = 'http://hl7.org/fhir/CodeSystem/task-code' and code = 'abort').exists() or code.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/task-code' and (code = 'handover-plan' or code = 'discharge-ready' or code = 'person-discharged' or code = 'manual-review')).exists()"

Invariant: ip-child-2
Description: "A child Task is for a person; a manual-review may be about none"
Severity: #error
Expression: "for.exists() or code.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/task-code' and code = 'manual-review').exists()"

Invariant: ip-child-3
Description: "A Task send-feedback says how far the feedback has come (value set feedback-status)"
Severity: #error
Expression: "code.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/task-code' and code = 'send-feedback').exists() implies businessStatus.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/feedback-status').exists()"

Profile: KeChildTask
Parent: Task
Id: ke-child-task
Title: "Deloppgave i en sak eller plan"
Description: "A step of a case or a plan: one owner, one deadline (workflow.md 3 INV-10, 4.3, 5)."
* obeys ip-child-1 and ip-child-2 and ip-child-3
* identifier MS
* groupIdentifier 1..1 MS
* groupIdentifier ^short = "The number of the case or the plan; of what stands alone its own"
* basedOn MS
* partOf MS
* status MS
* businessStatus MS
* statusReason MS
* intent MS
* intent = #order
* code 1..1 MS
* code from ChildTaskCode (required)
* priority MS
* focus MS
* for MS
* for only Reference($no-basis-Patient)
* authoredOn 1..1 MS
* lastModified 1..1 MS
* lastModified ^short = "Set by the service"
* requester 1..1 MS
* owner 1..1 MS
* owner only Reference($no-basis-Organization or $no-basis-PractitionerRole or $no-basis-Practitioner)
* restriction 1..1 MS
* restriction.period 1..1 MS
* restriction.period.end 1..1 MS
* input MS
* output MS

ValueSet: ChildTaskCode
Id: child-task-code
Title: "Codes of child Tasks"
Description: "The steps of workflow.md 4.3; abort is HL7's."
* ^experimental = false
* include codes from system $task-code
* $hl7-task-code#abort
* exclude $task-code#assess-need
