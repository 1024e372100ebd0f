// Who a number belongs to (domain.md 3). The first address of each is the one that we write.

Instance: fnr
InstanceOf: NamingSystem
Usage: #definition
* name = "Fodselsnummer"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Skatteetaten"
* description = "Fødselsnummer. The national identity number of persons."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.4.1"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.4.1"

Instance: dnr
InstanceOf: NamingSystem
Usage: #definition
* name = "Dnummer"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Skatteetaten"
* description = "D-nummer. The number of persons who have no national identity number."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.4.2"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.4.2"

Instance: fhn
InstanceOf: NamingSystem
Usage: #definition
* name = "Hjelpenummer"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Norsk helsenett"
* description = "Felles hjelpenummer. The shared help number of persons whose number is not known."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.4.3"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.4.3"

Instance: hpr
InstanceOf: NamingSystem
Usage: #definition
* name = "Hprnummer"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Helsedirektoratet"
* description = "HPR-nummer. The number of health personnel."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.4.4"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.4.4"

Instance: duf
InstanceOf: NamingSystem
Usage: #definition
* name = "Dufnummer"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Utlendingsdirektoratet"
* description = "DUF-nummer. The number of persons in the register of foreign nationals."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.4.5"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.4.5"

Instance: enh
InstanceOf: NamingSystem
Usage: #definition
* name = "Organisasjonsnummer"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Brønnøysundregistrene"
* description = "Organisasjonsnummer. The number of organizations."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.4.101"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.4.101"

Instance: resh
InstanceOf: NamingSystem
Usage: #definition
* name = "Reshid"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Norsk helsenett"
* description = "RESH-id. The id of units in specialist health care."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.4.102"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.4.102"

Instance: her
InstanceOf: NamingSystem
Usage: #definition
* name = "Herid"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Norsk helsenett"
* description = "HER-id. The id of communication parties: routing only, it identifies no organization or person."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.2"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.2"

Instance: kommunenummer
InstanceOf: NamingSystem
Usage: #definition
* name = "Kommunenummer"
* status = #active
* kind = #codesystem
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Statistisk sentralbyrå"
* description = "Kommunenummer. Municipalities, four digits."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.1.3402"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.1.3402"
* uniqueId[+].type = #uri
* uniqueId[=].value = "https://register.geonorge.no/sosi-kodelister/kommunenummer"

Instance: bydelsnummer
InstanceOf: NamingSystem
Usage: #definition
* name = "Bydelsnummer"
* status = #active
* kind = #codesystem
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Statistisk sentralbyrå"
* description = "Bydelsnummer. Urban districts."
* uniqueId[0].type = #uri
* uniqueId[=].value = "urn:oid:2.16.578.1.12.4.1.1.3403"
* uniqueId[=].preferred = true
* uniqueId[+].type = #oid
* uniqueId[=].value = "2.16.578.1.12.4.1.1.3403"
* uniqueId[+].type = #uri
* uniqueId[=].value = "http://data.ssb.no/api/klass/v1/versions/919"

Instance: case-number
InstanceOf: NamingSystem
Usage: #definition
* name = "CaseNumber"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Knutepunkt"
* description = "Saksnummer. The number of a case at a koordinerende enhet: Task.groupIdentifier."
* uniqueId[0].type = #uri
* uniqueId[=].value = "https://knutepunkt.no/fhir/NamingSystem/case-number"
* uniqueId[=].preferred = true

Instance: plan-number
InstanceOf: NamingSystem
Usage: #definition
* name = "PlanNumber"
* status = #active
* kind = #identifier
* date = "2026-11-22"
* publisher = "Knutepunkt"
* responsible = "Knutepunkt"
* description = "Plannummer. The number of an individual plan, wherever the person moves: CarePlan.identifier."
* uniqueId[0].type = #uri
* uniqueId[=].value = "https://knutepunkt.no/fhir/NamingSystem/plan-number"
* uniqueId[=].preferred = true
