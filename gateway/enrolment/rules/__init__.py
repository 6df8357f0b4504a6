"""The programme's rules as dated data: one TOML file per scheme and year, beside this module.

Adding a year is adding a file, here or in the folder that `MITRA_RULES` names.
"""
