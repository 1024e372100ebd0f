Invariant: ip-team-1
Description: "At most one coordinator (coordinator or child-coordinator) has an open period"
Severity: #error
Expression: "participant.where(period.end.empty() and role.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/team-role' and (code = 'coordinator' or code = 'child-coordinator')).exists()).count() <= 1"

Invariant: ip-team-2
Description: "At most one deputy, one person, one specialist coordinator and one KE have an open period"
Severity: #error
Expression: "participant.where(period.end.empty() and role.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/team-role' and code = 'deputy').exists()).count() <= 1 and participant.where(period.end.empty() and role.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/team-role' and code = 'person').exists()).count() <= 1 and participant.where(period.end.empty() and role.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/team-role' and code = 'specialist-coordinator').exists()).count() <= 1 and participant.where(period.end.empty() and role.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/team-role' and code = 'ke').exists()).count() <= 1"

Invariant: ip-team-3
Description: "An active team has a coordinator; one that lost its coordinator is suspended"
Severity: #warning
Expression: "status = 'active' implies participant.where(period.end.empty() and role.coding.where(system = 'https://knutepunkt.no/fhir/CodeSystem/team-role' and (code = 'coordinator' or code = 'child-coordinator')).exists()).exists()"

Invariant: ip-team-4
Description: "Of a member the organization is known: by its PractitionerRole, as an Organization, or by onBehalfOf"
Severity: #error
Expression: "onBehalfOf.exists() or (member.reference.startsWith('Practitioner/') or member.reference.contains('/Practitioner/')).not()"

Profile: CoordinationCareTeam
Parent: CareTeam
Id: coordination-careteam
Title: "Koordinator og ansvarsgruppe"
Description: "Who coordinates for a person, and who takes part; it is there without a plan, too (workflow.md 4.5, 5)."
* obeys ip-team-1 and ip-team-2 and ip-team-3
* extension contains IpStatusReason named statusReason 0..1 MS
* identifier MS
* status 1..1 MS
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains coordination 1..1 MS
* category[coordination] = $team-category#coordination
* subject 1..1 MS
* subject only Reference($no-basis-Patient)
* period 1..1 MS
* period.start 1..1 MS
* participant 2..* MS
* participant ^slicing.discriminator.type = #pattern
* participant ^slicing.discriminator.path = "role"
* participant ^slicing.rules = #open
* participant ^short = "Those who left stay with the end of their period: of coordinator, deputy, person and KE one is open"
* participant.role MS
* participant.member MS
* participant.onBehalfOf MS
* participant.period MS
* participant contains
    coordinator 0..* MS and
    childCoordinator 0..* MS and
    deputy 0..* MS and
    person 1..* MS and
    representative 0..* MS and
    specialistCoordinator 0..* MS and
    ke 1..* MS and
    member 0..* MS
* participant[coordinator].role 1..1
* participant[coordinator].role = $team-role#coordinator
* participant[coordinator].member 1..1
* participant[coordinator].member only Reference($no-basis-PractitionerRole or $no-basis-Practitioner)
* participant[coordinator].period 1..1
* participant[coordinator].period.start 1..1
* participant[childCoordinator].role 1..1
* participant[childCoordinator].role = $team-role#child-coordinator
* participant[childCoordinator].member 1..1
* participant[childCoordinator].member only Reference($no-basis-PractitionerRole or $no-basis-Practitioner)
* participant[childCoordinator].period 1..1
* participant[childCoordinator].period.start 1..1
* participant[deputy].role 1..1
* participant[deputy].role = $team-role#deputy
* participant[deputy].member 1..1
* participant[deputy].member only Reference($no-basis-PractitionerRole or $no-basis-Practitioner)
* participant[person].role 1..1
* participant[person].role = $team-role#person
* participant[person].member 1..1
* participant[person].member only Reference($no-basis-Patient)
* participant[representative].role 1..1
* participant[representative].role = $team-role#representative
* participant[representative].member 1..1
* participant[representative].member only Reference($no-basis-RelatedPerson)
* participant[specialistCoordinator].role 1..1
* participant[specialistCoordinator].role = $team-role#specialist-coordinator
* participant[specialistCoordinator].member 1..1
* participant[specialistCoordinator].member only Reference($no-basis-PractitionerRole or $no-basis-Practitioner)
* participant[ke].role 1..1
* participant[ke].role = $team-role#ke
* participant[ke].member 1..1
* participant[ke].member only Reference($no-basis-Organization or $no-basis-PractitionerRole)
* participant[member].role 1..1
* participant[member].role = $team-role#member
* participant[member].member 1..1
* participant[member].period 1..1
* participant[member].period.start 1..1
* participant[member] obeys ip-team-4
* participant[member].extension contains IpSector named sector 1..1 MS
* managingOrganization 1..1 MS
* managingOrganization only Reference($no-basis-Organization)
