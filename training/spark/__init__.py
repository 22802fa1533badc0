"""A fit computed with Spark: `tag4pic train fit --engine spark`. Nothing else imports it."""
