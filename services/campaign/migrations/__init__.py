"""Schema of the campaign service's database."""
