"""The schema of scoring, as package data, so that an image can migrate."""
