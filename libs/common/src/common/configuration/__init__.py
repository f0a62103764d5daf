"""Configuration that travels as records: contents by hash and a release list per workspace."""

from common.configuration.directory import load_directory, load_playbooks
from common.configuration.hashing import content_of, hash_of
from common.configuration.identity import Identity
from common.configuration.parsing import parse_workspace, workspace_of
from common.configuration.planning import Change, Plan, WorkspacePlan, changes, plan
from common.configuration.problems import ConfigurationError, Problem
from common.configuration.values import Configuration, Content, Release
from common.configuration.workspace import (
    Brand,
    Cap,
    ContactPolicy,
    Delivery,
    Limits,
    QuietHours,
    Quota,
    Sender,
    Source,
    Workspace,
)

__all__ = [
    "Brand",
    "Cap",
    "Change",
    "Configuration",
    "ConfigurationError",
    "ContactPolicy",
    "Content",
    "Delivery",
    "Identity",
    "Limits",
    "Plan",
    "Problem",
    "QuietHours",
    "Quota",
    "Release",
    "Sender",
    "Source",
    "Workspace",
    "WorkspacePlan",
    "changes",
    "content_of",
    "hash_of",
    "load_directory",
    "load_playbooks",
    "parse_workspace",
    "plan",
    "workspace_of",
]
