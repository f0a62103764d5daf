"""What a run left behind: every record, row, mail and answer, read once and kept in a form that can be walked."""
