Profile: IpGoal
Parent: Goal
Id: ip-goal
Title: "Mål i individuell plan"
Description: "What the person wants, in the person's words (workflow.md 5)."
* extension contains IpPartOf named partOf 0..1 MS
* meta.security MS
* lifecycleStatus MS
* achievementStatus MS
* category MS
* category ^short = "Area of life"
* description MS
* description.text 1..1 MS
* subject MS
* subject only Reference($no-basis-Patient)
* start[x] MS
* target MS
* target.due[x] MS
* expressedBy MS
* expressedBy ^short = "The person or a relative; others write on their behalf"
