"""How good a bundle is, as one page to look at: see ``page.write_report``."""
