"""Reports and exports: enrolments and money, counted in SQL and written as streams."""
