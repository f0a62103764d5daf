"""Folds a service's inputs again along its journal: to prove it, or to bring a restored database forward."""
