"""From the admin's YAML to the policy: read, checked, and its names turned into the board's ids."""

from mappings.load import Loaded, load, load_text, render
from mappings.mapping import Mapping
from mappings.problems import Problem, Severity
from mappings.resolve import resolve, spaces
from mappings.schema import json_schema

__all__ = [
    "Loaded",
    "Mapping",
    "Problem",
    "Severity",
    "json_schema",
    "load",
    "load_text",
    "render",
    "resolve",
    "spaces",
]
