Profile: IpFeedback
Parent: Communication
Id: ip-feedback
Title: "Tilbakemelding til melder"
Description: "What is told between the notifier and the koordinerende enhet about a case: no text of the plan (workflow.md 4.8, 5)."
* basedOn 1..1 MS
* basedOn only Reference(NeedNotification)
* about 1..1 MS
* about only Reference(KeCaseTask)
* category 1..1 MS
* category from https://knutepunkt.no/fhir/ValueSet/feedback-category (required)
* status MS
* sent MS
* received MS
* recipient 1..1 MS
* sender 1..1 MS
* payload 1..* MS
