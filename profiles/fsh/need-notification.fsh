Profile: NeedNotification
Parent: ServiceRequest
Id: need-notification
Title: "Melding om behov for koordinerte tjenester"
Description: "The notice that a person may need coordinated services; it opens a case at the koordinerende enhet (workflow.md 4.1, 5)."
* extension contains
    IpConsentStatement named consentStatement 1..1 MS and
    IpInvolvedSector named involvedSectors 0..* MS and
    IpPlanExists named planExists 0..1 MS and
    IpCoordinatorAppointed named coordinatorAppointed 0..1 MS and
    IpCallback named callback 0..1 MS
* identifier 1..* MS
* identifier ^short = "The sender's own key: RF1-6, MsgId"
* status MS
* intent MS
* intent from NeedIntent (required)
* category 1..* MS
* category ^slicing.discriminator.type = #pattern
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains need 1..1 MS
* category[need] = $request-category#need-notification
* code 1..1 MS
* code from https://knutepunkt.no/fhir/ValueSet/request-kind (required)
* priority MS
* subject MS
* subject only Reference($no-basis-Patient)
* encounter MS
* occurrence[x] MS
* occurrence[x] ^short = "Planned discharge"
* authoredOn 1..1 MS
* requester 1..1 MS
* requester only Reference($no-basis-PractitionerRole or $no-basis-Organization or $no-basis-Patient or $no-basis-RelatedPerson)
* performer 1..1 MS
* performer only Reference($no-basis-Organization)
* performer ^short = "The koordinerende enhet; an identifier with the municipality number is enough"
* reasonCode MS
* reasonCode ^short = "Text is enough; diagnoses are not demanded"
* supportingInfo MS
* note MS

ValueSet: NeedIntent
Id: need-intent
Title: "Intent of a need notification"
Description: "An adapter proposes, an authority may order; the koordinerende enhet decides either way (workflow.md 4.1)."
* ^experimental = false
* $request-intent#proposal
* $request-intent#order
