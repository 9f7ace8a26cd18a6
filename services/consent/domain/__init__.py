"""Rules of consent: what counts when several things were said, and proofs that a permit was given."""
