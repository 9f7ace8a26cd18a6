"""What reaches beyond this process: the mail server, and the workers that render users' templates."""
