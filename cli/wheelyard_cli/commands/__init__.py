"""One file per command: parse, call, render. A command is imported when it runs, so that ``--help`` stays fast."""
