"""Who the person is: profiles, identities, merges."""
