Profile: IpConsent
Parent: Consent
Id: ip-consent
Title: "Samtykke i arbeidet med individuell plan"
Description: "Consent to making, sharing or handing over a plan: everything is denied that no provision permits (workflow.md 4.7, 5)."
* status MS
* scope MS
* scope = $consent-scope#patient-privacy
* category MS
* category ^slicing.discriminator.type = #value
* category ^slicing.discriminator.path = "$this"
* category ^slicing.rules = #open
* category contains kind 1..1 MS
* category[kind] from https://knutepunkt.no/fhir/ValueSet/consent-kind (required)
* patient 1..1 MS
* patient only Reference($no-basis-Patient)
* dateTime 1..1 MS
* performer 1..* MS
* performer ^short = "The person, or who speaks for the person"
* organization 1..1 MS
* organization only Reference($no-basis-Organization)
* source[x] MS
* policy 1..* MS
* policy.uri 1..1 MS
* verification 1..* MS
* provision 1..1 MS
* provision.type 1..1 MS
* provision.type = #deny
* provision.provision MS
* provision.provision.type 1..1 MS
* provision.provision.type = #permit
* provision.provision.period 1..1 MS
* provision.provision.actor 1..* MS
* provision.provision.actor.reference only Reference($no-basis-Organization)
* provision.provision.securityLabel MS
* provision.provision.securityLabel from https://knutepunkt.no/fhir/ValueSet/sector (required)
* provision.provision.purpose 1..* MS
* provision.provision.class MS
* provision.provision.data MS
