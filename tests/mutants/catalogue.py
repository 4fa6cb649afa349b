"""Which bugs must be caught? All mutants, in the order of the invariants they break."""

from tests.mutants import domain, shell, vendors

MUTANTS = tuple(sorted((*domain.MUTANTS, *shell.MUTANTS, *vendors.MUTANTS), key=lambda mutant: mutant.invariant))
