"""The templates of Dockerfiles and the bake file, and how a team puts its own before them.

A template of the same name in the team's directory replaces ours. It may extend ours, as
``{% extends "default/Dockerfile.base.jinja" %}``, and change single blocks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2

from wheelyard_resolver.errors import InputError

BASE = "Dockerfile.base.jinja"
MODEL = "Dockerfile.model.jinja"
BAKE = "docker-bake.hcl.jinja"


class Templates:
    """Renders templates, a team's first."""

    def __init__(self, directory: Path | None = None) -> None:
        ours = jinja2.PackageLoader("wheelyard_cli.images")
        theirs = [] if directory is None else [jinja2.FileSystemLoader(directory)]
        self._environment = jinja2.Environment(  # noqa: S701 (what is written is no HTML)
            loader=jinja2.ChoiceLoader([*theirs, ours, jinja2.PrefixLoader({"default": ours})]),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters["quoted"] = quoted
        self._environment.filters["hcl"] = hcl

    def render(self, template: str, **values: Any) -> str:
        """The text of a template.

        Raises:
            InputError: a team's template cannot be used.
        """
        try:
            return self._environment.get_template(template).render(**values)
        except jinja2.TemplateSyntaxError as error:
            raise InputError(str(error.message), where=f"{error.filename or error.name}:{error.lineno}") from error
        except jinja2.TemplateError as error:
            raise InputError(f"the template {template} cannot be used: {error}") from error


def quoted(value: str) -> str:
    """A text between double quotes in which nothing is a variable, for Dockerfiles."""
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")


def hcl(value: str) -> str:
    """A text between double quotes in which nothing is a template, for HCL."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
