"""Wheels of projects that publish only source distributions: built once, with a record of how, for everybody.

``source`` finds and fetches the sdist, ``isolated`` builds it, ``build_record`` writes the record into the wheel.
"""
