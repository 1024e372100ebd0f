Invariant: ip-meeting-1
Description: "A meeting that was held has its time"
Severity: #error
Expression: "status = 'finished' implies period.exists()"

Profile: IpMeeting
Parent: Encounter
Id: ip-meeting
Title: "Møte i arbeidet med individuell plan"
Description: "A meeting that was held; it is counted from here (workflow.md 2, 5)."
* obeys ip-meeting-1
* extension contains IpPlan named plan 0..1 MS
* status MS
* class MS
* class from MeetingClass (required)
* type 1..1 MS
* type from https://knutepunkt.no/fhir/ValueSet/meeting-kind (required)
* subject 1..1 MS
* subject only Reference($no-basis-Patient)
* participant 1..* MS
* participant.type MS
* participant.individual 1..1 MS
* period MS
* appointment ..1 MS
* appointment only Reference($no-basis-Appointment)

ValueSet: MeetingClass
Id: meeting-class
Title: "How a meeting is held"
Description: "In a room, or by video or telephone (workflow.md 5)."
* ^experimental = false
* $act-code#AMB
* $act-code#VR
