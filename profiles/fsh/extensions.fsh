// workflow.md 13: the names and value types that clients write to the letter.

Extension: IpManagingMunicipality
Id: ip-managing-municipality
Title: "Ansvarlig kommune"
Description: "The municipality that is responsible for the plan; a move changes it, never the plan's id (workflow.md 4.10)."
Context: CarePlan
* value[x] 1..1
* value[x] only Reference($no-basis-Organization)

Extension: IpNextReview
Id: ip-next-review
Title: "Neste evaluering"
Description: "When the plan is reviewed next; set at activation and at each review (workflow.md 4.6)."
Context: CarePlan
* value[x] 1..1
* value[x] only date

Extension: IpStatusReason
Id: ip-status-reason
Title: "Årsak til status"
Description: "Why a plan or a team has its status (workflow.md 4.5, 4.6)."
Context: CarePlan, CareTeam
* value[x] 1..1
* value[x] only CodeableConcept
* valueCodeableConcept from https://knutepunkt.no/fhir/ValueSet/status-reason (extensible)

Extension: IpContribution
Id: ip-contribution
Title: "Bidrag"
Description: "What the person, the next of kin or a service gives to the plan (forskrift om individuell plan; workflow.md 6.2)."
Context: CarePlan
* extension contains who 0..1 and what 1..1
* extension[who].value[x] 1..1
* extension[who].value[x] only Reference
* extension[what].value[x] 1..1
* extension[what].value[x] only string

Extension: IpSector
Id: ip-sector
Title: "Sektor"
Description: "Whose measure or member it is: the label that consent opens or closes (workflow.md 4.7)."
Context: CarePlan.activity, CareTeam.participant
* value[x] 1..1
* value[x] only Coding
* valueCoding from https://knutepunkt.no/fhir/ValueSet/sector (required)

Extension: IpConsentStatement
Id: ip-consent-statement
Title: "Hva melderen sier om samtykke"
Description: "What the notifier knows of the person's consent (workflow.md 4.1 S1)."
Context: ServiceRequest
* value[x] 1..1
* value[x] only code
* valueCode from https://knutepunkt.no/fhir/ValueSet/consent-statement (required)

Extension: IpInvolvedSector
Id: ip-involved-sector
Title: "Involvert sektor"
Description: "A sector that helps the person already, or should."
Context: ServiceRequest
* value[x] 1..1
* value[x] only Coding
* valueCoding from https://knutepunkt.no/fhir/ValueSet/sector (required)

Extension: IpPlanExists
Id: ip-plan-exists
Title: "Finnes det en plan?"
Description: "Whether the notifier knows of an individual plan."
Context: ServiceRequest
* value[x] 1..1
* value[x] only code
* valueCode from https://knutepunkt.no/fhir/ValueSet/yes-no-unknown (required)

Extension: IpCoordinatorAppointed
Id: ip-coordinator-appointed
Title: "Er koordinator oppnevnt?"
Description: "Whether the notifier knows of a coordinator."
Context: ServiceRequest
* value[x] 1..1
* value[x] only code
* valueCode from https://knutepunkt.no/fhir/ValueSet/yes-no-unknown (required)

Extension: IpCallback
Id: ip-callback
Title: "Kan nås på"
Description: "Where the notifier is reached."
Context: ServiceRequest
* value[x] 1..1
* value[x] only ContactPoint

Extension: IpPartOf
Id: ip-part-of
Title: "Delmål av"
Description: "The goal that this one is a step towards."
Context: Goal
* value[x] 1..1
* value[x] only Reference(Goal)

Extension: IpDischargeReady
Id: ip-discharge-ready
Title: "Utskrivningsklar"
Description: "Since when the patient is ready to be discharged (workflow.md 4.11)."
Context: Encounter
* value[x] 1..1
* value[x] only dateTime

Extension: IpPlan
Id: ip-plan
Title: "Planen som møtet gjelder"
Description: "The individual plan that a meeting is about."
Context: Encounter
* value[x] 1..1
* value[x] only Reference(CarePlan)

Extension: IpChangedPath
Id: ip-changed-path
Title: "Endret element"
Description: "An element that the version which a Provenance is about has otherwise than the one before, as FHIRPath. The service tells it when the Provenance is read, to whoever sees the element."
Context: Provenance.target
* value[x] 1..1
* value[x] only string
