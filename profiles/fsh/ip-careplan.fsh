Invariant: ip-plan-1
Description: "A measure is told here (detail) or elsewhere (reference)"
Severity: #error
Expression: "detail.exists() or reference.exists()"

Invariant: ip-plan-2
Description: "A measure says what it is: a code or a description"
Severity: #error
Expression: "code.exists() or description.exists()"

Invariant: ip-plan-3
Description: "Diagnoses stay in the record of those who made them: a plan should not name them"
Severity: #warning
Expression: "addresses.empty()"

Invariant: ip-plan-4
Description: "A plan in force names the consent to making it"
Severity: #error
Expression: "supportingInfo.where(type = 'Consent' or reference.startsWith('Consent/') or reference.contains('/Consent/')).exists()"

Invariant: ip-plan-5
Description: "Each measure has an id of its own"
Severity: #error
Expression: "activity.id.isDistinct()"

Profile: IpCarePlan
Parent: CarePlan
Id: ip-careplan
Title: "Individuell plan"
Description: "The individual plan: one per person, across municipalities and sectors (workflow.md 5)."
* obeys ip-plan-3 and ip-plan-5
* extension contains
    IpManagingMunicipality named managingMunicipality 1..1 MS and
    IpNextReview named nextReview 0..1 MS and
    IpContribution named contribution 0..* MS and
    IpStatusReason named statusReason 0..1 MS
* identifier 1..* MS
* identifier ^slicing.discriminator.type = #value
* identifier ^slicing.discriminator.path = "system"
* identifier ^slicing.rules = #open
* identifier contains plan 1..1 MS
* identifier[plan] ^short = "The number that the service gives the plan; it stays when the person moves"
* identifier[plan].system 1..1 MS
* identifier[plan].system = "https://knutepunkt.no/fhir/NamingSystem/plan-number"
* identifier[plan].value 1..1 MS
* status MS
* intent MS
* intent = #plan
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains ip 1..1 MS
* category[ip] = $plan-category#individuell-plan
* title 1..1 MS
* description MS
* description ^short = "Resources and needs in the person's words"
* subject MS
* subject only Reference($no-basis-Patient)
* period 1..1 MS
* period.start 1..1 MS
* period.end MS
* created 1..1 MS
* author 1..1 MS
* author only Reference($no-basis-PractitionerRole)
* contributor MS
* careTeam 1..1 MS
* careTeam only Reference(CoordinationCareTeam)
* addresses MS
* supportingInfo MS
* supportingInfo ^short = "Consents, the decision, and other plans of the person (by DocumentReference)"
* goal MS
* goal only Reference(IpGoal)
* activity MS
* activity obeys ip-plan-1
* activity.id 1..1 MS
* activity.id ^short = "Stable: what changes of a measure are told by"
* activity.extension contains IpSector named sector 0..1 MS
* activity.reference MS
* activity.progress MS
* activity.detail MS
* activity.detail obeys ip-plan-2
* activity.detail.status MS
* activity.detail.code MS
* activity.detail.description MS
* activity.detail.performer MS
* activity.detail.scheduled[x] MS
* activity.detail.goal MS
* replaces ..1 MS

Profile: IpCarePlanActive
Parent: IpCarePlan
Id: ip-careplan-active
Title: "Individuell plan, klar til å tas i bruk"
Description: "What an individual plan needs to become active (workflow.md 3 INV-03, 5, 6.2). A draft may be asked by it: CarePlan/$validate."
* obeys ip-plan-4
* extension[nextReview] 1..1
* supportingInfo 1..*
* goal 1..*
* activity 1..*
* activity.extension[sector] 1..1
* activity.detail.performer 1..*
