"""What we send: audience, templates, campaigns, delivery."""
