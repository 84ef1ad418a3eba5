"""Building the images of a proposal with whichever builder is there.

``images`` says what there is to build, ``builders`` how each builder is called, ``causes`` why a build failed, and
``run`` builds all of it.
"""
