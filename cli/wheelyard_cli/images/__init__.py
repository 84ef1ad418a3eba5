"""What a platform team builds from: locks, requirements, Dockerfiles, and the proposal for people to read.

One module a format, each a pure function from a proposal to text, free of clock and environment: the same proposal
gives the same bytes. ``write`` alone touches the disk.
"""
