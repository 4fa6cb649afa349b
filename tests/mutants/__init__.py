"""Would the tests notice? Deliberate bugs of the engine, at least one an invariant; `make mutants` has each caught."""
