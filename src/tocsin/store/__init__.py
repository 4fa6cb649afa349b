"""Where is it kept? The only place with SQL: schema, migrations, and the transactions of the engine."""
