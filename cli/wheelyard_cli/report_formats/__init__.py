"""A report in the form that a person, a program or a CI server reads."""
