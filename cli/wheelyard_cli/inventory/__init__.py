"""What a company already has: its deployments, read from the files in which it keeps them."""
