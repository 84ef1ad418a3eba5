"""What the registry knows, in SQL: projects, files, tokens, deployments, upstream pages, and the event log."""
