"""What people read in a plan, in nb, nn and en (decision 19). `se` stays empty until a named translator fills it."""

from collections.abc import Mapping

LANGUAGES = ("nb", "nn", "en")
_WORDS: Mapping[str, tuple[str, str, str]] = {
    "plan": ("Individuell plan", "Individuell plan", "Individual plan"),
    "for": ("Gjelder", "Gjeld", "For"),
    "born": ("Født", "Fødd", "Born"),
    "number": ("Plannummer", "Plannummer", "Number of the plan"),
    "made": ("Tatt i bruk", "Teken i bruk", "In use from"),
    "coordinator": ("Koordinator", "Koordinator", "Coordinator"),
    "needs": ("Ressurser og behov", "Ressursar og behov", "Resources and needs"),
    "goals": ("Mål", "Mål", "Goals"),
    "measures": ("Tiltak", "Tiltak", "Measures"),
    "responsible": ("Ansvarlig", "Ansvarleg", "Responsible"),
    "extent": ("Omfang", "Omfang", "Extent"),
    "how": ("Slik gjøres det", "Slik blir det gjort", "How"),
    "participants": ("Hvem som deltar", "Kven som deltek", "Who takes part"),
    "contributions": ("Hva hver bidrar med", "Kva kvar bidreg med", "What each one gives"),
    "period": ("Planperiode", "Planperiode", "Period of the plan"),
    "review": ("Neste evaluering", "Neste evaluering", "Next review"),
    "consent": ("Samtykke", "Samtykke", "Consent"),
    "consented": ("Gitt", "Gitt", "Given"),
    "none": ("Ikke oppgitt", "Ikkje oppgitt", "Not stated"),
    "unnamed": ("Uten navn her", "Utan namn her", "Not named here"),
    "from": ("fra", "frå", "from"),
    "until": ("til", "til", "until"),
    "s": ("sekund", "sekund", "second"),
    "min": ("minutt", "minutt", "minute"),
    "h": ("time", "time", "hour"),
    "s+": ("sekunder", "sekund", "seconds"),
    "min+": ("minutter", "minutt", "minutes"),
    "h+": ("timer", "timar", "hours"),
    "d": ("dag", "dag", "day"),
    "wk": ("uke", "veke", "week"),
    "mo": ("måned", "månad", "month"),
    "a": ("år", "år", "year"),
    "d+": ("dager", "dagar", "days"),
    "wk+": ("uker", "veker", "weeks"),
    "mo+": ("måneder", "månader", "months"),
    "a+": ("år", "år", "years"),
    "per": ("per", "per", "per"),
}


def word(key: str, language: str) -> str:
    """The text for people; the key itself where there is none. Units of time as in R4's Timing, `+`: several."""
    found = _WORDS.get(key)
    return found[LANGUAGES.index(language)] if found else key
