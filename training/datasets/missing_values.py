"""How programs and people write that a value is not known."""

MISSING = {
    *("", "nan", "-nan", "none", "null", "nil", "n/a", "na", "<na>", "nat", "undefined", r"\n"),
    *("#n/a", "#na", "#name?", "#null!", "#num!", "#ref!", "#value!", "#div/0!", "-", "—", "?"),
}
"""How programs write missing values, in lower case; those with a # are errors of spreadsheets."""

UNKNOWN = {*MISSING, "hidden"}
"""Those of likes and dates, which Instagram may hide."""
