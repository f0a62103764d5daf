"""Folds a service's inputs again along its journal: to prove it, or to bring a restored database forward."""

from common.recovery.running import TASKS, Task, is_task, run_task
from common.recovery.subject import Subject

__all__ = ["TASKS", "Subject", "Task", "is_task", "run_task"]
