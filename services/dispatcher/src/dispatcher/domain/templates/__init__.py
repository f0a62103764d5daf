"""Templates: Liquid files of a playbook, read once, rendered for one recipient."""

from dispatcher.domain.templates.engine import TemplateError
from dispatcher.domain.templates.files import Template, Templates, find_problems, read_templates
from dispatcher.domain.templates.rendering import Links, Rendered, render

__all__ = [
    "Links",
    "Rendered",
    "Template",
    "TemplateError",
    "Templates",
    "find_problems",
    "read_templates",
    "render",
]
