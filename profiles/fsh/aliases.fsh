// Code systems of our own (domain.md 4.2): the JSON files of profiles/code_systems are their one source.
Alias: $plan-category = https://knutepunkt.no/fhir/CodeSystem/plan-category
Alias: $request-category = https://knutepunkt.no/fhir/CodeSystem/request-category
Alias: $team-category = https://knutepunkt.no/fhir/CodeSystem/team-category
Alias: $team-role = https://knutepunkt.no/fhir/CodeSystem/team-role
Alias: $task-code = https://knutepunkt.no/fhir/CodeSystem/task-code
Alias: $decision-output = https://knutepunkt.no/fhir/CodeSystem/decision-output
Alias: $ke-business-status = https://knutepunkt.no/fhir/CodeSystem/ke-business-status

// HL7
Alias: $request-intent = http://hl7.org/fhir/request-intent
Alias: $hl7-task-code = http://hl7.org/fhir/CodeSystem/task-code
Alias: $act-code = http://terminology.hl7.org/CodeSystem/v3-ActCode
Alias: $consent-scope = http://terminology.hl7.org/CodeSystem/consentscope

// Norwegian base profiles (domain.md 9.1)
Alias: $no-basis-Patient = http://hl7.no/fhir/StructureDefinition/no-basis-Patient
Alias: $no-basis-Practitioner = http://hl7.no/fhir/StructureDefinition/no-basis-Practitioner
Alias: $no-basis-PractitionerRole = http://hl7.no/fhir/StructureDefinition/no-basis-PractitionerRole
Alias: $no-basis-Organization = http://hl7.no/fhir/StructureDefinition/no-basis-Organization
Alias: $no-basis-RelatedPerson = http://hl7.no/fhir/StructureDefinition/no-basis-RelatedPerson
Alias: $no-basis-Appointment = http://hl7.no/fhir/StructureDefinition/no-basis-Appointment
Alias: $no-basis-DocumentReference = http://hl7.no/fhir/StructureDefinition/no-basis-DocumentReference
